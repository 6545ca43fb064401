#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "sys/descriptor.h"
#include "sys/file_system.h"
#include "sys/process.h"

namespace paraph::sys {

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const bool standard_input = path == "-";
  const Descriptor opened(standard_input ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!standard_input && !opened) return machine_error(errno, "open", path);
  std::string octets;
  const int fd = standard_input ? STDIN_FILENO : opened.get();
  struct stat st {};
  if (::fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
    octets.reserve(std::min(limit, static_cast<std::size_t>(st.st_size)) +
                   1);  // 1: to meet the end
  if (const int code = read_up_to(fd, limit + 1, octets); code != 0)
    return machine_error(code, "read", path);
  if (octets.size() > limit)
    return Error::never(Errc::limit, fmt::format("{}: larger than {} octets", path, limit));
  return octets;
}

Result<Ownership> ownership(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return machine_error(errno, "stat", path);
  return Ownership{st.st_uid, st.st_gid, st.st_mode & 07777U};
}

namespace {

// Why a key that is there cannot be read, with what its owner, or root, has to run.
Error closed_to_us(const std::string& path, unsigned owner) {
  const auto us = ::geteuid();
  const std::string mode = fmt::format("chmod 600 {}", path);
  return machine_error(EACCES, "open", path)
      .with_hint(owner == us ? mode : fmt::format("chown {} {} && {}", user_name(us), path, mode));
}

}  // namespace

Result<void> check_key_permissions(const std::string& path) {
  const auto owned = ownership(path);
  if (!owned && owned.error().code() == Errc::denied)
    return Error(owned.error())
        .with_hint(fmt::format("chmod 700 {}, as the user who runs Paraph", directory_of(path)));
  if (!owned) return owned.error();
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0 && errno == EACCES)
    return closed_to_us(path, owned->uid);
  const bool private_to_owner = (owned->mode & 0177U) == 0;
  const bool shared_with_us = (owned->mode & 0137U) == 0 && owned->gid == ::getegid();
  if (private_to_owner || shared_with_us) return {};
  return Error::later(Errc::denied, fmt::format("{}: mode {:04o} lets others at a private key",
                                                path, owned->mode))
      .with_hint(fmt::format("chmod 600 {}", path));
}

std::string join(std::string_view directory, std::string_view path) {
  if (directory.empty() || path.substr(0, 1) == "/") return std::string(path);
  const bool ends = directory.back() == '/';
  if (path.empty()) return std::string(directory);
  return fmt::format("{}{}{}", directory, ends ? "" : "/", path);
}

std::string directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

std::string absolute(std::string_view path) {
  std::error_code failed;
  const std::filesystem::path given{std::string(path)};
  const auto resolved = std::filesystem::weakly_canonical(given, failed);
  if (!failed && resolved.is_absolute()) return resolved.string();
  const auto lexical = std::filesystem::absolute(failed ? given : resolved, failed);
  return failed ? std::string(path) : lexical.lexically_normal().string();
}

}  // namespace paraph::sys
