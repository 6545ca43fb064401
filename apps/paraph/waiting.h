#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/paraph/verb.h"
#include "spool/copies.h"
#include "spool/desk.h"

/// What the verbs share that look at waiting mail: the spools as far as they can be seen, short ids, ages, sizes.
namespace paraph::app {

/// Everything that waits. A spool that cannot be read hides nothing but itself.
class WaitingMail {
 public:
  [[nodiscard]] static WaitingMail look(const config::Site& site);

  /// Oldest first.
  [[nodiscard]] const std::vector<spool::Entry>& entries() const { return entries_; }
  /// "spool/auth: cannot open …", for each spool that was not seen.
  [[nodiscard]] const std::vector<std::string>& not_seen() const { return not_seen_; }
  /// All places of the one mail whose ingest id begins so, or that has this file name. Several ids are Errc::usage;
  /// nothing is Errc::not_found, or Errc::busy while some spool was not seen.
  [[nodiscard]] Result<std::vector<spool::Entry>> find(std::string_view prefix) const;
  /// The same for verbs that change something: Errc::usage for a prefix that is all time, since another mail may begin so
  /// a minute later, and Errc::busy for any prefix while some spool was not seen.
  [[nodiscard]] Result<std::vector<spool::Entry>> find_to_change(std::string_view prefix) const;
  [[nodiscard]] spool::Copies copies(const spool::Entry& entry) const;
  /// Its Message-ID without <>; empty when it has none, or cannot be read.
  [[nodiscard]] std::string message_id(const spool::Entry& entry) const;
  /// For the places that were seen, and no others.
  [[nodiscard]] spool::Desk& desk() { return *desk_; }
  /// Those not seen are null.
  [[nodiscard]] const spool::Desk::Roots& roots() const { return roots_; }

 private:
  std::vector<spool::Entry> entries_;
  std::vector<std::string> not_seen_;
  spool::Desk::Roots roots_;
  std::unique_ptr<spool::Desk> desk_;
};

/// Ids cut to what is unique among those given, at least 5 characters.
class ShortIds {
 public:
  explicit ShortIds(std::vector<std::string> ids);
  [[nodiscard]] std::string operator()(const std::string& id) const;

 private:
  std::vector<std::string> ids_;  ///< sorted, each once
};
[[nodiscard]] ShortIds short_ids(const std::vector<spool::Entry>& entries);

/// Whether it could be the beginning of an ingest id.
[[nodiscard]] bool may_begin_an_id(std::string_view text);

/// "bad" for what is in quarantine, else the spool.
[[nodiscard]] std::string spool_of(const spool::Entry& entry);
/// The list it is for, else the address; "?" when the file cannot be read.
[[nodiscard]] std::string list_of(const spool::Entry& entry);
/// Who sent it, as far as the spool knows.
[[nodiscard]] std::string sender_of(const spool::Entry& entry);
/// When we accepted it; without a readable header, the file's time.
[[nodiscard]] TimePoint since(const spool::Entry& entry);
/// Priority z: it stays until somebody changes that.
[[nodiscard]] bool never_sent(const spool::Entry& entry);
/// The cause (in quarantine: whom it waits for, and why) and, in bulk, progress and the next try.
[[nodiscard]] std::string waits_for(const spool::Entry& entry, TimePoint now);
[[nodiscard]] Json to_json(const spool::Entry& entry, TimePoint now);

[[nodiscard]] std::string size_text(std::uint64_t octets);  ///< "912", "14K", "1.2M"
[[nodiscard]] std::string age_text(std::chrono::seconds age);
/// "14:41Z" on the day of `now`, else "2026-11-24T14:41Z".
[[nodiscard]] std::string clock_text(TimePoint at, TimePoint now);
/// "45 sealed, 3 notice", in the order of their words.
[[nodiscard]] std::string counts_text(const std::map<std::string, std::size_t>& counts);

/// What --since and --older take: "30m", "12h", "2d", "3w" before `now`, or an ISO date.
[[nodiscard]] Result<TimePoint> point_before(std::string_view option, std::string_view text,
                                             TimePoint now);

/// What --spool, --list, --from and --older select; empty: everything.
struct Filter {
  std::string spool, list, from;
  std::optional<TimePoint> older;
  [[nodiscard]] bool takes(const spool::Entry& entry) const;
  [[nodiscard]] bool any() const {
    return !spool.empty() || !list.empty() || !from.empty() || older.has_value();
  }
};
[[nodiscard]] Result<Filter> read_filter(Invocation& call, TimePoint now);
/// A list of the site, or, when it was closed since, any address of that shape; name@domain.
[[nodiscard]] Result<std::string> list_option(Invocation& call);
/// A canonical address, or empty without the option.
[[nodiscard]] Result<std::string> address_option(const Invocation& call, std::string_view name);

}  // namespace paraph::app
