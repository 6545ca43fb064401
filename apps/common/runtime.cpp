#include "apps/common/runtime.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/utf8.h"
#include "cms/keys.h"
#include "sys/file_system.h"
#include "sys/process.h"

namespace paraph::app {

namespace {

std::pair<std::uint64_t, std::uint64_t> file_at(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

}  // namespace

int exit_code(const Error& error) {
  if (error.retry() == Retry::later && error.code() == Errc::busy) return kTemporary;
  switch (error.code()) {
    case Errc::not_found:
      return kNoInput;
    case Errc::exists:
      return kCannotCreate;
    case Errc::denied:
      return kNoPermission;
    case Errc::io:
      return kIoError;
    case Errc::corrupt:
    case Errc::limit:
      return kDataError;
    case Errc::config:
      return kConfig;
    case Errc::engine:
      return kSoftware;
    case Errc::busy:
      return kTemporary;
    case Errc::usage:
      return kUsage;
  }
  return kSoftware;
}

std::string config_path(const std::string& option) {
  if (!option.empty()) return sys::absolute(option);
  if (const char* environment = std::getenv("PARAPH_CONFIG");
      environment != nullptr && *environment != '\0')
    return sys::absolute(environment);
  return "/etc/paraph/paraph.conf";
}

int complain(std::string_view program, const Error& error) {
  fmt::print(stderr, "{}: error: {}\n", program, utf8::printable(error.what(), 2000));
  if (!error.hint().empty())
    fmt::print(stderr, "{}: hint: {}\n", program, utf8::printable(error.hint(), 2000));
  return exit_code(error);
}

Error where_written(const config::Site& site, std::string_view parameter, Error error) {
  const auto written = site.setting(parameter);
  if (written.file.empty()) return error;
  return std::move(error).in(fmt::format("{}:{}", written.file, written.line));
}

Result<config::Site> Runtime::load_site(const std::string& config) {
  if (auto became = sys::become_owner_of(sys::directory_of(config)); !became)
    return std::move(became).error();
  auto site = config::Site::load(config);
  if (!site) return std::move(site).error();
  // A packaged configuration belongs to root; what the programs write must belong to the owner of
  // the spool.
  const std::string spool = site->spool_directory("msg");
  if (auto became = sys::become_owner_of(spool);
      !became && became.error().code() != Errc::not_found)
    return std::move(became).error();
  return site;
}

Result<std::unique_ptr<Runtime>> Runtime::open(const std::string& config, std::string_view program,
                                               sys::Level minimum) {
  auto site = load_site(config);
  if (!site) return std::move(site).error();
  return open(std::move(*site), program, minimum);
}

Result<std::unique_ptr<Runtime>> Runtime::open(config::Site site, std::string_view program,
                                               sys::Level minimum) {
  std::unique_ptr<Runtime> runtime(new Runtime(std::move(site)));
  runtime->log_ = sys::open_log(program, true, minimum);
  auto database = store::Database::open(runtime->site_.path_of("db_name"));
  if (!database) return std::move(database).error();
  runtime->database_ = std::move(*database);
  if (auto opened = runtime->open_certificates(false); !opened) return std::move(opened).error();
  const auto& opened = runtime->site_;
  for (const auto& path : {opened.path_of("db_name"), opened.path_of("ssl_cert_dir"),
                           opened.spool_directory("msg"), opened.spool_directory("auth"),
                           opened.spool_directory("moderation"), opened.spool_directory("bulk")})
    runtime->opened_.push_back({path, file_at(path)});
  return runtime;
}

Result<void> Runtime::open_certificates(bool read_only) {
  auto directory = sys::open_root(site_.path_of("ssl_cert_dir"));
  if (!directory) return std::move(directory).error().in("ssl_cert_dir");
  certificates_ = store::open_certificate_directory(*directory, &database_->certificate_memory());
  recipients_ = store::open_recipients(*directory, database_->recipient_records(),
                                       store::kRecipientMemory, read_only);
  return {};
}

Result<std::unique_ptr<Runtime>> Runtime::open_for_reading(config::Site site,
                                                           std::string_view program) {
  std::unique_ptr<Runtime> runtime(new Runtime(std::move(site)));
  runtime->log_ = sys::open_log(program, true, sys::Level::warning);
  auto opened = store::open_for_reading(runtime->site_.path_of("db_name"));
  if (!opened) return std::move(opened).error();
  runtime->database_ = std::move(opened->database);
  runtime->limits_ = std::move(opened->limits);
  if (auto done = runtime->open_certificates(true); !done) return std::move(done).error();
  return runtime;
}

bool Runtime::replaced() const {
  return std::any_of(opened_.begin(), opened_.end(),
                     [](const Opened& each) { return file_at(each.path) != each.file; });
}

pipeline::Ports Runtime::ports() {
  return {site_,
          database_->directory(),
          *certificates_,
          *recipients_,
          database_->ledger(),
          database_->alarms(),
          database_->guard(),
          database_->certificate_memory(),
          database_->notices(),
          database_->decision_keys(),
          clock_,
          cms::random(),
          cms::digest(),
          *log_,
          cache_};
}

Result<Spools> open_spools(const config::Site& site) {
  std::array<std::shared_ptr<sys::FileSystem>, 4> roots;
  constexpr std::array<std::string_view, 4> names{"msg", "auth", "moderation", "bulk"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto root = sys::open_root(site.spool_directory(names[i]));
    if (!root) return std::move(root).error().in("spool");
    roots[i] = std::move(*root);
  }
  const auto packet_size = static_cast<std::size_t>(std::max(1LL, site.number("packet_size")));
  return Spools{spool::IncomingSpool(roots[0]), spool::HoldSpool(roots[1], "auth"),
                spool::HoldSpool(roots[2], "moderation"), spool::BulkSpool(roots[3], packet_size),
                spool::Desk({roots[0], roots[3], roots[1], roots[2]})};
}

}  // namespace paraph::app
