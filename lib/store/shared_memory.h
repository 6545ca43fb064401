#pragma once

/// For this module only.
namespace paraph::store {

/// From the first call on, whatever SQLite maps to write into has its blocks before it is mapped. SQLite itself sees to
/// one octet of each 4 KB, so where blocks are smaller the rest of DATABASE-shm are holes, and the first write into one
/// on a full disk kills the process (SIGBUS). A disk without room is SQLITE_IOERR_SHMMAP instead, which is `later`.
void back_shared_memory();

}  // namespace paraph::store
