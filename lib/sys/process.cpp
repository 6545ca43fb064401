#include "sys/process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include "sys/descriptor.h"
#include "sys/file_system.h"

namespace paraph::sys {
namespace {

struct Account {
  std::string name;
  gid_t gid;
};

std::optional<Account> find_account(uid_t uid) {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return std::nullopt;
  return Account{entry.pw_name, entry.pw_gid};
}

void forbid_dumps() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

// A file opened later must not become descriptor 2, or an error message lands in the mail.
// Write-only on 0: a program started without stdin fails to read it, instead of seeing an empty
// message.
void occupy_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd)
    if (::fcntl(fd, F_GETFD) == -1)
      static_cast<void>(::open("/dev/null", fd == 0 ? O_WRONLY : O_RDWR));
}

}  // namespace

bool harden() {
  occupy_standard_descriptors();
  ::umask(077);
  forbid_dumps();
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  static_cast<void>(
      std::signal(SIGXFSZ, SIG_IGN));  // a file size limit is a failed write, not a death
  return ::getauxval(AT_SECURE) == 0;
}

void return_big_blocks() {
  (void)::mallopt(M_MMAP_THRESHOLD, 1 << 20);  // fixed: by itself it grows with each block freed
}

Result<void> become_owner_of(const std::string& path) {
  if (::geteuid() != 0) return {};
  const auto owner = ownership(path);
  if (!owner) return owner.error();
  if (owner->uid == 0) return {};
  const auto account = find_account(owner->uid);
  const gid_t gid = account ? account->gid : owner->gid;
  const int groups = account ? ::initgroups(account->name.c_str(), gid) : ::setgroups(1, &gid);
  if (groups != 0 || ::setresgid(gid, gid, gid) != 0 ||
      ::setresuid(owner->uid, owner->uid, owner->uid) != 0)
    return machine_error(errno, "become the owner of", path);
  if (::setuid(0) == 0)
    return Error::later(Errc::denied,
                        fmt::format("become the owner of {}: root is still there", path));
  forbid_dumps();  // the kernel resets the flag with the uid, to a default that may allow them
  return {};
}

unsigned current_uid() {
  return ::geteuid();
}

std::string user_name(unsigned uid) {
  const auto account = find_account(uid);
  return account ? account->name : std::to_string(uid);
}

}  // namespace paraph::sys
