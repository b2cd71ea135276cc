"""A power cut after any system call: what the program asked to be durable is there, anything else may be or not, in any combination.
The shim logs a run; each state of the disk that such a cut may leave is built, and the program has to go on from it to the bytes of
an unbroken run. Row 31. The model of a disk is that of the ALICE study (OSDI '14), and harsher than ext4: a new file's content is
durable after its fsync, a name in a folder (made, renamed, removed) after the fsync of that folder."""
import hashlib
import itertools
import shutil

from harness import SOAK, FaultTest, faults, main

MOST_SUBSETS = 10 if SOAK else 4  # operations of which every subset is tried; beyond, each alone is dropped or kept


def read_log(path, root):
    """[(op, path or (from, to), bytes or size)], paths relative to the folder above the run."""
    operations = []
    for line in path.read_text().splitlines():
        op, place, more = line.split("\t")
        name = place[len(root) + 1:]
        if op == "rename":
            operations.append((op, name, more[len(root) + 1:]))
        else:
            operations.append((op, name, bytes.fromhex(more) if op == "write" else more))
    return operations


def parent(name):
    return name.rpartition("/")[0]


def pending_after(operations):
    """Numbers of the operations that no fsync has made durable. Files are followed through renames by the number that made them."""
    identity = {}
    pending = []
    for number, (op, name, more) in enumerate(operations):
        if op == "create":
            identity[name] = number
        elif op == "rename":
            identity[more] = identity.pop(name)
        elif op == "fsync" and name in identity:
            pending = [p for p in pending if p[1] != ("content", identity[name])]
        elif op == "fsync":
            pending = [p for p in pending if p[1] != ("names", name)]
        if op == "write":
            pending.append((number, ("content", identity[name])))
        elif op in ("create", "mkdir", "unlink", "rename"):
            pending.append((number, ("names", parent(more if op == "rename" else name))))
    return [number for number, _ in pending]


def state_after(operations, lost):
    """{name: bytes, or None for a folder}, as the disk has it without the operations of which the numbers are lost."""
    contents, names = {}, {}  # content by the number that made the file; number by name
    made, folders = {}, set()
    for number, (op, name, more) in enumerate(operations):
        if op == "create":
            made[name] = number
            contents[number] = b""
            if number not in lost:
                names[name] = number
        elif op == "write":
            contents[made[name]] += bytes(len(more)) if number in lost else more  # zeros where the size alone was kept
        elif op == "mkdir" and number not in lost:
            folders.add(name)
        elif op == "rename":
            made[more] = made.pop(name)
            if number not in lost:
                names.pop(name, None)
                names[more] = made[more]
        elif op == "unlink" and number not in lost:
            names.pop(name, None)
    state = {name: None for name in folders if all_present(parent(name), folders)}
    state.update({name: contents[number] for name, number in names.items() if all_present(parent(name), folders)})
    return state


def all_present(folder, folders):
    return folder == "" or (folder in folders and all_present(parent(folder), folders))


def losses(pending):
    """Sets of operations that a power cut may take."""
    if len(pending) <= MOST_SUBSETS:
        for count in range(len(pending) + 1):
            yield from map(set, itertools.combinations(pending, count))
        return
    yield set()
    yield set(pending)
    for number in pending:
        yield {number}
        yield set(pending) - {number}


class PowerCut(FaultTest):
    def logged_run(self):
        result = self.server.run(self.folder, extra=faults(
            self.folder, prefix=self.folder.path, log=self.folder.path / "log"))
        self.assertEqual(result.code, 0, result)
        return read_log(self.folder.path / "log", str(self.folder.path))

    def build(self, state):
        self.folder.clear()
        for name in sorted(state):
            path = self.folder.path / name
            if state[name] is None:
                path.mkdir()
            else:
                path.write_bytes(state[name])

    def test_leaves_a_run_that_goes_on(self):
        operations = self.logged_run()
        states = {}
        for cut in range(1, len(operations) + 1):
            done = operations[:cut]
            for lost in losses(pending_after(done)):
                state = state_after(done, lost)
                key = hashlib.sha256(repr(sorted(state.items())).encode()).hexdigest()
                states.setdefault(key, (state, f"cut after call {cut} of {len(operations)} {operations[cut - 1][:2]}, "
                                               f"lost: {[operations[i][:2] for i in sorted(lost)]}"))
        self.assertGreater(len(states), 100)
        chosen = list(states.values())
        if not SOAK:
            chosen = self.random.sample(chosen, 40)
        for state, what in chosen:
            self.build(state)
            durable = [name for name in state if name.endswith(".safetensors") and "checkpoints/step-" in name]
            result = self.resume_and_compare(what)
            if durable:  # never back to the start once a checkpoint was there
                self.assertIn("resuming after step", result.err, what)
        print(f"{len(chosen)} of {len(states)} states of the disk after {len(operations)} calls", flush=True)

    def test_never_takes_a_checkpoint_that_was_followed_by_another_step(self):
        """A checkpoint is durable before the program goes on: after its folder's fsync no cut may lose it."""
        operations = self.logged_run()
        for cut, (op, name, _) in enumerate(operations):
            if op != "fsync" or not name.endswith("/checkpoints"):
                continue
            done = operations[:cut + 1]
            newest = [more for o, _, more in done if o == "rename" and "/step-" in more][-1]
            for lost in losses(pending_after(done)):
                self.assertIn(newest, state_after(done, lost), f"call {cut}, lost {lost}")


if __name__ == "__main__":
    main()
