#pragma once

#include <memory>

#include "base/ports.h"
#include "config/site.h"
#include "list/list.h"
#include "pipeline/cache.h"
#include "store/store.h"
#include "sys/file_system.h"
#include "sys/log.h"

namespace paraph::pipeline {

/// Everything that a daemon touches besides its spools. Nothing here is owned; all of it outlives the pipeline.
struct Ports {
  const config::Site& site;
  list::Directory& directory;
  list::CertificateStore& certificates;
  store::Recipients& recipients;
  store::Ledger& ledger;
  store::Alarms& alarms;
  store::Guard& guard;
  store::CertificateMemory& memory;
  store::Notices& notices;
  store::DecisionKeys& keys;
  const Clock& clock;
  Random& random;
  const Digest& digest;
  sys::Log& log;
  Cache& cache;
  /// spool/missed. Null: opened for each use, which is rare.
  std::shared_ptr<sys::FileSystem> missed = nullptr;
};

}  // namespace paraph::pipeline
