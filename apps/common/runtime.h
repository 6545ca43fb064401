#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apps/common/exit_code.h"
#include "base/result.h"
#include "config/site.h"
#include "pipeline/incoming.h"
#include "pipeline/ports.h"
#include "store/store.h"
#include "sys/log.h"

/// Wiring shared by the programs: which configuration, which database, which spools.
namespace paraph::app {

/// --config, else $PARAPH_CONFIG, else /etc/paraph/paraph.conf.
[[nodiscard]] std::string config_path(const std::string& option);

/// Prints `PROGRAM: error: …` and `PROGRAM: hint: …` on stderr and gives the exit code.
int complain(std::string_view program, const Error& error);

/// The same Error behind "FILE:LINE: ", where the site's configuration has the parameter; as it is for a default.
[[nodiscard]] Error where_written(const config::Site& site, std::string_view parameter,
                                  Error error);

/// An opened site. Everything below it is closed with it; not for sharing across fork.
class Runtime {
 public:
  /// Becomes the owner of the site when run as root (security rule 2), then opens configuration,
  /// database, certificate directory and log.
  [[nodiscard]] static Result<std::unique_ptr<Runtime>> open(const std::string& config,
                                                             std::string_view program,
                                                             sys::Level minimum);
  /// The same with a configuration that has been read.
  [[nodiscard]] static Result<std::unique_ptr<Runtime>> open(config::Site site,
                                                             std::string_view program,
                                                             sys::Level minimum);
  /// For whoever only asks: nothing is written, no file made, so it works on a full disk and over a read-only database
  /// (store::open_for_reading()).
  [[nodiscard]] static Result<std::unique_ptr<Runtime>> open_for_reading(config::Site site,
                                                                         std::string_view program);
  /// What open_for_reading() cannot show, else empty.
  [[nodiscard]] const std::string& limits() const { return limits_; }
  /// The first part of it: privileges dropped, configuration read.
  [[nodiscard]] static Result<config::Site> load_site(const std::string& config);
  [[nodiscard]] const config::Site& site() const { return site_; }
  [[nodiscard]] store::Database& database() { return *database_; }
  [[nodiscard]] pipeline::Ports ports();
  /// Something else stands where the database, the certificates or the spools were opened (a restored backup, a
  /// directory moved into place): what is open leads nowhere any more.
  [[nodiscard]] bool replaced() const;

 private:
  explicit Runtime(config::Site site) : site_(std::move(site)) {}
  Result<void> open_certificates(bool read_only);
  config::Site site_;
  std::string limits_;
  std::unique_ptr<store::Database> database_;
  struct Opened {
    std::string path;
    std::pair<std::uint64_t, std::uint64_t> file;  ///< device and inode
  };
  std::vector<Opened> opened_;
  std::unique_ptr<list::CertificateStore> certificates_;
  std::unique_ptr<store::Recipients> recipients_;
  std::unique_ptr<sys::Log> log_;
  sys::SystemClock clock_;
  pipeline::Cache cache_;
};

/// The spools of a site, opened on their directories.
struct Spools {
  spool::IncomingSpool msg;
  spool::HoldSpool auth;
  spool::HoldSpool moderation;
  spool::BulkSpool bulk;
  spool::Desk desk;
  [[nodiscard]] pipeline::IncomingSpools incoming() { return {msg, auth, moderation, bulk, desk}; }
};
[[nodiscard]] Result<Spools> open_spools(const config::Site& site);

}  // namespace paraph::app
