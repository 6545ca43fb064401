#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "list/list.h"
#include "sys/disk_space.h"
#include "sys/file_system.h"
#include "sys/sightings.h"

/// sympa.conf and list `config`: one table of parameters, from which the parser, `paraph config show` and
/// paraph.conf(5) all come.
namespace paraph::config {

enum class Scope : std::uint8_t { site = 1, domain = 2, list = 4 };
struct Parameter {
  std::string_view name;
  unsigned scopes;  ///< mask of Scope
  std::string_view
      type;  ///< "path", "number", "size", "word", "list", "words", "words:A|B", "words:OID", "scenario:send", "on|off",
             ///< "text", "secret"
  std::string_view
      fallback;  ///< default as text, "$name" in it for that parameter's value; empty: none
  std::string_view help =
      {};  ///< one sentence; empty: a parameter of Sympa that is read and has no effect yet
  bool multiple = false;  ///< may be given several times
};
[[nodiscard]] const std::vector<Parameter>& parameter_table();
/// Passphrases and passwords: get() gives them, setting() shows "********" instead. False for unknown names.
[[nodiscard]] bool is_secret(std::string_view name);

struct Warning {
  std::string file;
  std::size_t line = 0;
  std::string message;  ///< "unknown parameter 'sned': did you mean 'send'?"
  std::string refuses =
      {};  ///< the parameter whose value accepts nothing, so that no signature counts; mostly empty
};

/// Where a value came from, for `config show`.
struct Setting {
  std::string value;
  std::string file;  ///< empty: the default
  std::size_t line = 0;
};

class ListConfig;

/// The site's configuration: an optional Sympa file first (`sympa_conf PATH`), then our own over it. Relative paths
/// stand below the directory of the file they are written in; defaults below the site directory.
///
/// A line that is no setting is an Error with file and line, and so is a value of the wrong type in our own file: a
/// limit or a policy must not fall back to its default because of a typo. In a Sympa file or a robot.conf such a value
/// is a Warning and the default holds; but words that limit what is accepted ("words:…") hold as far as they are good, and
/// with none of them nothing is accepted. An unknown name is a Warning everywhere; names of Sympa's web pages and obsolete
/// ones are passed over. A value other than the default for a parameter that has no effect yet is a Warning in our own
/// file, and in a robot.conf of a site that was not taken over from Sympa. `listmaster` and `custom_robot_parameter` add
/// up, of anything else the last line holds.
class Site {
 public:
  /// Reads the file, its `sympa_conf` and every DOMAIN/robot.conf below `etc`.
  [[nodiscard]] static Result<Site> load(const std::string& path);
  /// The same from a text that would stand in `path`; no file is read.
  [[nodiscard]] static Result<Site> parse(std::string_view text, const std::string& path);
  /// From the first call on, the directories and `config` files of lists are looked at once between two calls, as
  /// sys::FileCache has it; until then, each time.
  void look_again() const;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] const std::vector<Warning>& warnings() const { return warnings_; }
  /// Value, or the table's default; asserts that the table has the name.
  [[nodiscard]] std::string get(std::string_view name) const;
  [[nodiscard]] Setting setting(std::string_view name) const;  ///< secrets masked
  /// The domain's own value, else the site's.
  [[nodiscard]] std::string get(std::string_view name, std::string_view domain) const;
  [[nodiscard]] Setting setting(std::string_view name, std::string_view domain) const;
  /// Comma-split; "none" is the empty list. Values that are no lists (type text) come whole, one per line given.
  [[nodiscard]] std::vector<std::string> get_list(std::string_view name) const;
  [[nodiscard]] long long number(std::string_view name) const;  ///< 0 when unset
  /// Absolute; empty when unset.
  [[nodiscard]] std::string path_of(std::string_view name) const;

  [[nodiscard]] std::string domain() const { return get("domain"); }
  /// The main domain and every domain with a robot.conf, lower case.
  [[nodiscard]] std::vector<std::string> domains() const;
  [[nodiscard]] std::vector<std::string> listmasters() const;  ///< canonical
  [[nodiscard]] list::AddressRules address_rules() const;
  [[nodiscard]] list::AddressRules address_rules(std::string_view domain) const;
  [[nodiscard]] std::string command_address(std::string_view domain) const;  ///< sympa@domain
  [[nodiscard]] std::string listmaster_address(std::string_view domain) const;
  /// spool directories: "msg", "auth", "moderation", "bulk", "bounce", "missed" by Sympa's parameters (queue, queueauth, …).
  [[nodiscard]] std::string spool_directory(std::string_view spool) const;

  /// The directory of a list: home/DOMAIN/NAME when home/DOMAIN exists, else home/NAME for the main domain.
  [[nodiscard]] std::string list_directory(const list::ListAddress& list) const;
  [[nodiscard]] std::string site_key_directory() const;  ///< home/sympa
  [[nodiscard]] Result<std::vector<list::ListAddress>> lists() const;
  /// `name` or `name@domain` of an existing list; the Error says which lists there are when it is close to one.
  [[nodiscard]] Result<list::ListAddress> resolve_list(std::string_view text) const;

  /// Directories searched for `scenari/X`, `mail_tt2/X`, `search_filters/X`, nearest first: list, domain, site, stock.
  [[nodiscard]] std::vector<std::string> search_path(const std::optional<list::ListAddress>& list,
                                                     std::string_view domain,
                                                     std::string_view folder) const;
  struct Found {
    std::string text;
    std::string path;
  };
  /// First readable file of that plain name (no '/', no "..", rule 35) on the search path; nullopt when none.
  [[nodiscard]] Result<std::optional<Found>> find_file(const std::optional<list::ListAddress>& list,
                                                       std::string_view domain,
                                                       std::string_view folder,
                                                       std::string_view name) const;
  /// The same; notes in `seen` what it depends on, the nearer files that are not there included.
  [[nodiscard]] Result<std::optional<Found>> find_file(const std::optional<list::ListAddress>& list,
                                                       std::string_view domain,
                                                       std::string_view folder,
                                                       std::string_view name,
                                                       sys::Sightings& seen) const;

 private:
  friend class SiteReader;
  friend class ListConfig;
  using Values = std::map<std::string, std::vector<Setting>, std::less<>>;
  /// What was written for a name, domain first; nullptr: nothing, the default holds.
  [[nodiscard]] const std::vector<Setting>* written(std::string_view name,
                                                    std::string_view domain) const;
  [[nodiscard]] std::string fallback(const Parameter& row) const;
  [[nodiscard]] std::string list_base(std::string_view domain) const;
  std::string path_;
  std::string directory_;
  Values values_;
  std::map<std::string, Values, std::less<>> domains_;
  std::vector<Warning> warnings_;
  /// What was found in the directories of lists.
  struct Kept {
    sys::FileCache<ListConfig> lists;
    bool in_passes = false;
    std::map<std::string, std::string, std::less<>> bases;  ///< by domain, of this pass
  };
  [[nodiscard]] Kept& kept() const;
  mutable std::shared_ptr<Kept> kept_;  ///< of all copies
};

/// For paraph-queue alone: reads nothing but the lines about the spool (`spool`, `queue`, `queuebounce`, `sympa_conf`,
/// `spool_min_free`), so that keys, passphrases and the database stay out of the MTA's reach.
struct Queue {
  std::string directory;
  sys::MinFree min_free;
};
[[nodiscard]] Result<Queue> read_queue(const std::string& config_path, std::string_view parameter);

/// A list's `config` file. Unknown paragraphs and bad values are warnings with their line; the list still loads.
/// Paragraphs of owners and editors are passed over: these live in the database. What has no effect yet is a warning; on a
/// site taken over from Sympa only where it changes who reads or sees what. `site` must outlive the object.
class ListConfig {
 public:
  /// Read once, and anew when the file changes.
  [[nodiscard]] static Result<ListConfig> load(const Site& site, const list::ListAddress& list);
  /// The same from a text that would stand in the list's directory; no file is read.
  [[nodiscard]] static ListConfig parse(const Site& site, const list::ListAddress& list,
                                        std::string_view text);
  [[nodiscard]] const list::ListAddress& address() const { return address_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] const std::vector<Warning>& warnings() const { return warnings_; }
  /// The list's value, else the domain's, else the site's, else the table's default. Keys of paragraphs are dotted:
  /// "reply_to_header.value".
  [[nodiscard]] std::string get(std::string_view name) const;
  [[nodiscard]] Setting setting(std::string_view name) const;
  [[nodiscard]] long long number(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> get_list(std::string_view name) const;
  /// Absolute, relative to the file the value is written in; empty when unset.
  [[nodiscard]] std::string path_of(std::string_view name) const;
  /// "send" → "private_smime" (commas as underscores, obsolete names mapped). Empty for a function that no parameter
  /// names ("topics_visibility").
  [[nodiscard]] std::string scenario(std::string_view function) const;
  [[nodiscard]] bool is_open() const { return get("status") == "open"; }

 private:
  friend class ListConfigReader;
  /// What holds for a name: the list's lines, the domain's, the site's or the default.
  [[nodiscard]] std::vector<Setting> effective(std::string_view name) const;
  list::ListAddress address_;
  std::string directory_;
  const Site* site_ = nullptr;
  std::map<std::string, std::vector<Setting>, std::less<>> values_;
  std::vector<Warning> warnings_;
  explicit ListConfig(list::ListAddress address) : address_(std::move(address)) {}
};

}  // namespace paraph::config
