// What a decision costs: send.private_smime for members of a list of 100,000, through the one authorization function,
// against one primary-key lookup of the same member in the same database by a prepared statement.

#include <sqlite3.h>

#include <memory>

#include "bench.h"
#include "cms/keys.h"
#include "pipeline/authorize.h"
#include "scenario/address_patterns.h"
#include "sys/file_system.h"

using namespace paraph;
using namespace paraph::bench;

namespace {

constexpr std::size_t kMembers = 100'000;
constexpr std::size_t kDecisions = 40'000;
constexpr std::size_t kSlice =
    500;  ///< of a pass: files are looked at once in it, as the daemon does
constexpr int kRounds = 9;
constexpr const char* kDomain = "lists.example.org";

std::string member(std::size_t index) {
  return fmt::format("member{:06}@example.org", index);
}
// Every member, in an order in which no page serves twice in a row.
std::size_t scattered(std::size_t index) {
  return index * 7919 % kMembers;
}

struct Quiet final : sys::Log {
  void write(sys::Level, std::string_view, std::initializer_list<Field>) override {}
};

/// A site with one list, send.private_smime, from the stock of the source.
struct House {
  Scratch scratch;
  list::ListAddress address = *list::ListAddress::parse("secure", kDomain);
  config::Site site = build();
  std::unique_ptr<store::Database> database =
      must(store::Database::open(scratch / "x.sqlite"), "database");
  std::unique_ptr<list::CertificateStore> certificates =
      store::open_certificate_directory(must(sys::open_root(scratch / "certs"), "certs"));
  std::unique_ptr<store::Recipients> recipients = store::open_recipients(
      must(sys::open_root(scratch / "certs"), "certs"), database->recipient_records());
  Quiet log;
  sys::SystemClock clock;
  pipeline::Cache cache;

  House() {
    auto filled = database->together([&]() -> Result<void> {
      for (std::size_t i = 0; i < kMembers; ++i) {
        auto added = database->directory().add_member(address, {.email = member(i)});
        if (!added) return std::move(added).error();
      }
      return {};
    });
    must(bool(filled), "members");
  }
  config::Site build() {
    for (const auto* folder : {"list_data/secure", "certs"})
      std::filesystem::create_directories(scratch / folder);
    write_file(scratch / "ca.pem", "");
    write_file(
        scratch / "paraph.conf",
        fmt::format("domain {}\nlistmaster boss@example.org\ncafile ca.pem\nssl_cert_dir certs\n"
                    "db_name x.sqlite\ndefault_dir {}\n",
                    kDomain, PARAPH_SOURCE_DIR));
    write_file(scratch / "list_data/secure/config", "subject a\n\nsend private_smime\n");
    return must(config::Site::load(scratch / "paraph.conf"), "site");
  }
  pipeline::Ports ports() {
    return {site,
            database->directory(),
            *certificates,
            *recipients,
            database->ledger(),
            database->alarms(),
            database->guard(),
            database->certificate_memory(),
            database->notices(),
            database->decision_keys(),
            clock,
            cms::random(),
            cms::digest(),
            log,
            cache};
  }
};

/// SQLite alone, with a statement that is prepared once.
class Lookup {
 public:
  explicit Lookup(const std::string& path) {
    must(sqlite3_open_v2(path.c_str(), &database_, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK,
         "lookup");
    must(sqlite3_prepare_v2(
             database_,
             "SELECT date_epoch_subscriber FROM subscriber_table WHERE user_subscriber = ? AND "
             "list_subscriber = 'secure' AND robot_subscriber = 'lists.example.org'",
             -1, &statement_, nullptr) == SQLITE_OK,
         "statement");
  }
  ~Lookup() {
    sqlite3_finalize(statement_);
    sqlite3_close(database_);
  }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;
  void find(const std::string& address) {
    sqlite3_bind_text(statement_, 1, address.data(), static_cast<int>(address.size()), nullptr);
    must(sqlite3_step(statement_) == SQLITE_ROW, "no such member");
    sqlite3_reset(statement_);
  }

 private:
  sqlite3* database_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

void decisions(House& house, scenario::AuthMethod method, std::string_view what) {
  Lookup lookup(house.scratch / "x.sqlite");
  const auto ports = house.ports();
  const auto wanted =
      method == scenario::AuthMethod::smime ? scenario::Action::do_it : scenario::Action::reject;
  const auto sides = interleave(
      kDecisions, kSlice, kRounds,
      [&](std::size_t begin, std::size_t end) {
        for (auto i = begin; i < end; ++i) lookup.find(member(scattered(i)));
      },
      [&](std::size_t begin, std::size_t end) {
        house.cache.look_again();
        house.site.look_again();
        for (auto i = begin; i < end; ++i) {
          pipeline::Question question;
          question.function = "send";
          question.list = house.address;
          question.domain = kDomain;
          question.method = method;
          question.sender = member(scattered(i));
          const auto decision = pipeline::authorize(question, ports);
          must(decision && decision->action.action == wanted, "decision");
        }
      });
  row(fmt::format("deciding send.private_smime, {}, list of 100,000", what), "-", sides.percent(),
      fmt::format("{:.0f} decisions/s", sides.ours), fmt::format("{:.0f} lookups/s", sides.bare));
}

// A search() file of a million lines: what one question costs, whether the sender stands in it or not.
void searches() {
  constexpr std::size_t kLines = 1'000'000;
  std::string text;
  for (std::size_t i = 0; i < kLines / 2; ++i)
    text += fmt::format("user{:06}@example.net\n*@d{:06}.example\n", i, i);
  std::unique_ptr<scenario::AddressPatterns> patterns;
  const double built =
      seconds([&] { patterns = std::make_unique<scenario::AddressPatterns>(std::move(text)); });
  constexpr std::size_t kAsked = 200'000;
  std::size_t found = 0;
  const double spent = seconds([&] {
    for (std::size_t i = 0; i < kAsked; ++i)
      found += patterns->matches(fmt::format("user{:06}@example.net", i * 5)) ? 1 : 0;
  });
  must(found == kLines / 2 / 5, "search");
  row("search() in a file of 1,000,000 lines", "-", fmt::format("{:.2f} µs", 1e6 * spent / kAsked),
      fmt::format("{:.0f}/s", kAsked / spent), "-", fmt::format("read once: {:.2f} s", built));
}

}  // namespace

int main() {
  House house;
  decisions(house, scenario::AuthMethod::smime, "members by smime");
  decisions(house, scenario::AuthMethod::smtp, "members by smtp");
  searches();
}
