#include "store/shared_memory.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/mman.h>

#include <cerrno>

namespace paraph::store {
namespace {

// Not posix_fallocate(3): where the file system cannot, that writes into the file, beside those who have it mapped.
// There (NFS 3, ext3) it promises nothing, and SQLite goes on as it always has.
bool has_blocks(int fd, off_t offset, size_t length) {
  int done = 0;
  do {
    done = ::fallocate(fd, 0, offset, static_cast<off_t>(length));
  } while (done != 0 && errno == EINTR);
  return done == 0 || errno == EOPNOTSUPP || errno == ENOSYS;
}

void* map_with_blocks(void* where, size_t length, int protection, int flags, int fd, off_t offset) {
  const bool is_written = (protection & PROT_WRITE) != 0 && (flags & MAP_SHARED) != 0 && fd >= 0;
  if (is_written && !has_blocks(fd, offset, length)) return MAP_FAILED;
  return ::mmap(where, length, protection, flags, fd, offset);
}

bool replace_mmap() {
  sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  return vfs != nullptr && vfs->iVersion >= 3 && vfs->xSetSystemCall != nullptr &&
         vfs->xSetSystemCall(vfs, "mmap", reinterpret_cast<sqlite3_syscall_ptr>(map_with_blocks)) ==
             SQLITE_OK;
}

}  // namespace

// Here and not on the file by its name, before it is opened: whoever opens a database first truncates its -shm, which
// grows by 32 KB whenever the log has grown by 16 MB; and closing a second descriptor of a file gives up all locks that
// the process has on it (POSIX), after which another one truncates what is mapped here.
void back_shared_memory() {
  static const bool replaced = replace_mmap();
  static_cast<void>(replaced);  // a SQLite without this call: no worse than before
}

}  // namespace paraph::store
