#include "core/file.h"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/write_files.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::message_of;
using ::testing::StartsWith;
using testing::TemporaryFolder;

std::vector<std::string> names_in(const TemporaryFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path())) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

TEST(PathExists, SaysWhatIsThereAndThrowsWhereTheSystemDoesNotSay) {
  const TemporaryFolder folder;
  folder.write("file", "");
  fs::create_symlink("loop", folder / "loop");
  fs::create_symlink("nothing", folder / "dangling");
  EXPECT_TRUE(path_exists(folder / "file"));
  EXPECT_TRUE(path_exists(folder.path()));
  EXPECT_FALSE(path_exists(folder / "nothing"));
  EXPECT_FALSE(path_exists(folder / "file/below"));
  EXPECT_FALSE(path_exists(folder / "dangling"));
  EXPECT_EQ(message_of<IoError>([&] { path_exists(folder / "loop"); }),
            "cannot look for '" + (folder / "loop").string() + "': Too many levels of symbolic links");
  EXPECT_THAT(message_of<IoError>([&] { path_exists(folder / std::string(300, 'x')); }),
              EndsWith("': File name too long"));
}

TEST(ReadFile, GivesEveryByte) {
  const TemporaryFolder folder;
  const std::string content("a\0b\r\n\xFF", 6);
  EXPECT_EQ(read_file(folder.write("a", content)), content);
  EXPECT_EQ(read_file(folder.write("empty", "")), "");
}

TEST(ReadFile, RefusesWhatIsNotAFileOfTheSizeAllowed) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of<IoError>([&] { read_file(folder / "none"); }),
              EndsWith("none': No such file or directory"));
  EXPECT_THAT(message_of<IoError>([&] { read_file(folder.path()); }),
              EndsWith("': it is a folder, not a file"));
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(message_of<IoError>([&] { read_file(folder / "pipe"); }),
              EndsWith("': it is a device or pipe, not a file"));
  folder.write("five", "12345");
  EXPECT_EQ(read_file(folder / "five", 5), "12345");
  EXPECT_THAT(message_of<IoError>([&] { read_file(folder / "five", 4); }),
              EndsWith("': 5 bytes, at most 4 are accepted"));
}

TEST(FileBytes, AreThoseOfTheFileFromAMultipleOf64On) {
  const TemporaryFolder folder;
  for (const size_t size : {size_t{0}, size_t{63}, size_t{64}, size_t{3} << 20}) {
    std::string content;
    for (size_t i = 0; i < size; ++i) content += static_cast<char>(i * 7);
    FileBytes bytes(folder.write("a", content));
    EXPECT_EQ(bytes.view(), content);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(bytes.data()) % 64, 0u);
  }
  EXPECT_THAT(message_of<IoError>([&] { FileBytes(folder / "none"); }),
              EndsWith("none': No such file or directory"));
  EXPECT_THAT(message_of<IoError>([&] { FileBytes(folder.path()); }),
              EndsWith("': it is a folder, not a file"));
}

TEST(WriteFileAtomic, ReplacesTheFileAndLeavesNothingElse) {
  const TemporaryFolder folder;
  write_file_atomic(folder / "a", "old");
  write_file_atomic(folder / "a", std::string("n\0w", 3));
  EXPECT_EQ(folder.read("a"), std::string("n\0w", 3));
  EXPECT_THAT(names_in(folder), ::testing::ElementsAre("a"));
}

TEST(WriteFileAtomic, KeepsThePermissionsOfTheFileThatItReplaces) {
  const TemporaryFolder folder;
  for (const fs::perms mode : {fs::perms(0600), fs::perms(0664)}) {
    fs::permissions(folder.write("a", "old"), mode);
    write_file_atomic(folder / "a", "new");
    EXPECT_EQ(fs::status(folder / "a").permissions(), mode);
    EXPECT_EQ(folder.read("a"), "new");
  }
}

TEST(WriteFileAtomic, KeepsTheOldFileWhereTheNewOneDoesNotFit) {
  const TemporaryFolder folder;
  folder.write("a", "old");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{10, 10};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string said =
        message_of<IoError>([&] { write_file_atomic(folder / "a", std::string(100, 'x')); });
    ::_exit(said.find("/a' (100 bytes): File too large") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "the message in the child was another";
  EXPECT_EQ(folder.read("a"), "old");
  EXPECT_THAT(names_in(folder), ::testing::ElementsAre("a"));
}

TEST(WriteFileAtomic, ReplacesWhatALinkLeadsTo) {
  const TemporaryFolder folder;
  write_file_atomic(folder / "real", "old");
  fs::create_symlink("real", folder / "link");
  fs::create_symlink("absent", folder / "dangling");
  write_file_atomic(folder / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(folder.read("real"), "new");
  write_file_atomic(folder / "dangling", "made");
  EXPECT_TRUE(fs::is_symlink(folder / "dangling"));
  EXPECT_EQ(folder.read("absent"), "made");
}

TEST(WriteFileAtomic, RefusesWhatIsNoFile) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  fs::create_symlink(folder / "pipe", folder / "link");
  for (const fs::path& path : {folder / "pipe", folder / "link"}) {
    EXPECT_THAT(message_of<IoError>([&] { write_file_atomic(path, "xy"); }),
                HasSubstr("it is a device, a pipe or a socket, and only a file can be replaced whole"));
    EXPECT_TRUE(fs::is_fifo(path));
  }
}

TEST(WriteFileAtomic, RefusesAFolderThatIsNotThereAndATargetThatIsAFolder) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of<IoError>([&] { write_file_atomic(folder / "no/a", "xy"); }),
              EndsWith("no/a' (2 bytes): No such file or directory"));
  fs::create_directory(folder / "taken");
  EXPECT_THAT(message_of<IoError>([&] { write_file_atomic(folder / "taken", "xy"); }),
              StartsWith("cannot write '"));
  EXPECT_THAT(names_in(folder), ::testing::ElementsAre("taken"));
}

TEST(WriteFilesAtomic, ReplacesAllAndSaysWhichItCannot) {
  const TemporaryFolder folder;
  folder.write("b", "old");
  write_files_atomic({{folder / "a", "1"}, {folder / "b", ""}, {folder / "c", "333"}});
  EXPECT_EQ(names_in(folder), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(folder.read("a") + "|" + folder.read("b") + "|" + folder.read("c"), "1||333");
  EXPECT_THAT(message_of<IoError>([&] {
                write_files_atomic({{folder / "none/a", "1"}});
              }),
              HasSubstr("none/a"));
  EXPECT_NO_THROW(write_files_atomic({}));
}

TEST(ListFolder, GivesNothingForNoneAndThrowsForWhatIsNoFolder) {
  const TemporaryFolder folder;
  folder.write("a", "");
  folder.write("b/c", "");
  EXPECT_THAT(list_folder(folder.path()), ::testing::ElementsAre(folder / "a", folder / "b"));
  EXPECT_THAT(list_folder(folder / "none"), ::testing::IsEmpty());
  EXPECT_THROW(list_folder(folder / "a"), IoError);
}

/// File systems on disks list by a hash, those in memory the newest first.
TEST(ListFolder, GivesTheNamesInOrderWhateverTheFileSystemDoes) {
  for (const fs::path& parent : {fs::temp_directory_path(), TemporaryFolder::in_memory()}) {
    const TemporaryFolder folder(parent);
    std::vector<fs::path> expected;
    for (char name = 'a'; name <= 'z'; ++name) expected.push_back(folder.write(std::string(1, name), ""));
    EXPECT_EQ(list_folder(folder.path()), expected);
  }
}

TEST(AtomicFolder, AppearsWithEverythingInItOrNotAtAll) {
  const TemporaryFolder folder;
  {
    const AtomicFolder stopped(folder / "out");
    write_file_atomic(stopped.path() / "a", "x");
    EXPECT_FALSE(fs::exists(folder / "out"));
  }
  EXPECT_THAT(names_in(folder), ::testing::IsEmpty());
  fs::create_directory(folder / "out");  // an empty folder is in nobody's way
  AtomicFolder written(folder.path() / "out/");
  write_file_atomic(written.path() / "a", "x");
  written.commit();
  EXPECT_THAT(names_in(folder), ::testing::ElementsAre("out"));
  EXPECT_EQ(folder.read("out/a"), "x");
}

TEST(AtomicFolder, RefusesWhatIsThereAndAParentThatIsAFile) {
  const TemporaryFolder folder;
  folder.write("out/mine", "x");
  folder.write("file", "x");
  fs::create_symlink("nowhere", folder / "link");
  for (const char* name : {"out", "file", "link"}) {
    EXPECT_THAT(message_of<RunFolderError>([&] { const AtomicFolder refused(folder / name); }),
                HasSubstr("is there already and is never overwritten"))
        << name;
  }
  EXPECT_THAT(message_of<IoError>([&] { const AtomicFolder refused(folder / "file/out"); }),
              HasSubstr("Not a directory"));
  EXPECT_EQ(folder.read("out/mine"), "x");
}

TEST(AtomicFolder, LeavesAFolderThatCameMeanwhileAsItIs) {
  const TemporaryFolder folder;
  AtomicFolder written(folder / "out");
  folder.write("out/mine", "x");
  EXPECT_THAT(message_of<IoError>([&] { written.commit(); }), HasSubstr("cannot create the folder '"));
  EXPECT_EQ(folder.read("out/mine"), "x");
}

TEST(LineFile, AppendsWholeLinesToWhatIsThere) {
  const TemporaryFolder folder;
  {
    LineFile file(folder / "log");
    file.append("one");
    EXPECT_EQ(folder.read("log"), "one\n") << "a line is written at once";
    file.append("");
  }
  LineFile(folder / "log").append("three");
  EXPECT_EQ(folder.read("log"), "one\n\nthree\n");
}

TEST(LineFile, SaysWhereItCannotWrite) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of<IoError>([&] { LineFile file(folder / "no/log"); }),
              EndsWith("no/log' for writing: No such file or directory"));
  LineFile full("/dev/full");
  EXPECT_EQ(message_of<IoError>([&] { full.append("line"); }),
            "cannot write '/dev/full' (5 bytes): No space left on device");
}

TEST(LineFile, TellsWhereItsFileIsNoMore) {
  const TemporaryFolder folder;
  LineFile file(folder / "log");
  file.append("one");
  EXPECT_NO_THROW(file.check_is_there());
  fs::rename(folder / "log", folder / "kept");
  EXPECT_THAT(message_of<IoError>([&] { file.check_is_there(); }), EndsWith("was removed or moved"));
  folder.write("log", "another's");
  EXPECT_THROW(file.check_is_there(), IoError);
  fs::rename(folder / "kept", folder / "log");
  EXPECT_NO_THROW(file.check_is_there());
}

TEST(FolderLock, IsHeldByOneAndFreedAtTheEnd) {
  const TemporaryFolder folder;
  {
    const FolderLock lock(folder.path());
    EXPECT_THAT(message_of<RunFolderError>([&] { FolderLock second(folder.path()); }),
                HasSubstr("is in use by another bernoulli process"));
  }
  EXPECT_THAT(names_in(folder), ::testing::IsEmpty());
  EXPECT_NO_THROW(FolderLock(folder.path()));
  EXPECT_THAT(message_of<IoError>([&] { FolderLock lock(folder / "none"); }),
              StartsWith("cannot lock the folder '"));
}

TEST(FolderLock, IsHeldWhereItsFileWasRemoved) {
  const TemporaryFolder folder;
  const FolderLock lock(folder.path());
  fs::remove(folder / ".lock");
  EXPECT_THAT(message_of<RunFolderError>([&] { FolderLock second(folder.path()); }), HasSubstr("is in use"));
  EXPECT_FALSE(fs::exists(folder / ".lock")) << "whoever is refused leaves nothing";
}

/// As programs do that were built before the folder itself was locked.
TEST(FolderLock, ExcludesWhoeverLocksItsFileAlone) {
  const TemporaryFolder folder;
  const auto lock_file = [&] {
    FileDescriptor fd(::open((folder / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 ? std::move(fd) : FileDescriptor();
  };
  {
    const FileDescriptor earlier = lock_file();
    ASSERT_GE(earlier.get(), 0);
    EXPECT_THAT(message_of<RunFolderError>([&] { FolderLock lock(folder.path()); }), HasSubstr("is in use"));
    EXPECT_TRUE(fs::exists(folder / ".lock")) << "it is the other's";
  }
  const FolderLock lock(folder.path());
  EXPECT_LT(lock_file().get(), 0);
}

TEST(FolderLock, TellsWhereItsFolderIsNoMore) {
  const TemporaryFolder folder;
  create_folder(folder / "run");
  const FolderLock lock(folder / "run");
  EXPECT_NO_THROW(lock.check_is_there());
  fs::rename(folder / "run", folder / "moved");
  EXPECT_THAT(message_of<IoError>([&] { lock.check_is_there(); }), EndsWith("was removed or moved"));
  create_folder(folder / "run");
  const FolderLock another(folder / "run");
  EXPECT_FALSE(lock.is_there());
  EXPECT_THAT(message_of<IoError>([&] { lock.check_is_there(); }),
              EndsWith("was removed or moved, and another stands there"));
  EXPECT_NO_THROW(another.check_is_there());
}

TEST(FolderLock, LeavesTheFileOfAnother) {
  const TemporaryFolder folder;
  create_folder(folder / "run");
  auto lock = std::make_unique<FolderLock>(folder / "run");
  fs::rename(folder / "run", folder / "moved");
  create_folder(folder / "run");
  const FolderLock another(folder / "run");
  lock.reset();
  EXPECT_TRUE(fs::exists(folder / "run/.lock"));
  EXPECT_THROW(FolderLock(folder / "run"), RunFolderError);
}

TEST(CreateFolder, MakesParentsAndRefusesAFileInTheWay) {
  const TemporaryFolder folder;
  create_folder(folder / "a/b");
  EXPECT_TRUE(fs::is_directory(folder / "a/b"));
  EXPECT_NO_THROW(create_folder(folder / "a/b"));
  create_folder(folder / "c/d/");
  EXPECT_TRUE(fs::is_directory(folder / "c/d"));
  EXPECT_EQ(message_of<IoError>([&] { create_folder(""); }),
            "cannot create the folder '': No such file or directory");
  folder.write("file", "");
  EXPECT_THAT(message_of<IoError>([&] { create_folder(folder / "file/b"); }),
              HasSubstr("file/b': Not a directory"));
}

TEST(Errors, CarryTheExitCodeOfTheirKind) {
  EXPECT_EQ(static_cast<int>(InternalError("").exit_code()), 1);
  EXPECT_EQ(static_cast<int>(UsageError("").exit_code()), 2);
  EXPECT_EQ(static_cast<int>(DataError("").exit_code()), 3);
  EXPECT_EQ(static_cast<int>(ArtifactError("").exit_code()), 4);
  EXPECT_EQ(static_cast<int>(IoError("").exit_code()), 5);
  EXPECT_EQ(static_cast<int>(NonFiniteError("").exit_code()), 6);
  EXPECT_EQ(static_cast<int>(RunFolderError("").exit_code()), 7);
  EXPECT_EQ(static_cast<int>(DeviceError("").exit_code()), 9);
}

}  // namespace
}  // namespace bernoulli
