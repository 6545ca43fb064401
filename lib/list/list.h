#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "base/result.h"
#include "cms/certificate.h"
#include "mail/address.h"

/// Lists, members and roles in Sympa's words, and the ports through which the upper floors ask for them.
namespace paraph::list {

/// `name@domain` of a list, lower case. Names match [a-z0-9][a-z0-9.+_-]*, at most 50 octets, and do not end
/// in -request, -owner, -editor, -subscribe, -unsubscribe.
class ListAddress {
 public:
  [[nodiscard]] static std::optional<ListAddress> parse(std::string_view name,
                                                        std::string_view domain);
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& domain() const { return domain_; }
  [[nodiscard]] std::string str() const { return name_ + "@" + domain_; }
  /// "NAME-request@domain" and so on; suffix with its dash.
  [[nodiscard]] std::string with_suffix(std::string_view suffix) const {
    return name_ + std::string(suffix) + "@" + domain_;
  }
  friend auto operator<=>(const ListAddress&, const ListAddress&) = default;

 private:
  ListAddress(std::string name, std::string domain)
      : name_(std::move(name)), domain_(std::move(domain)) {}
  std::string name_;
  std::string domain_;
};

/// What an address of ours is for (Sympa's table of address kinds).
enum class AddressKind : std::uint8_t {
  post,
  owner /* -request */,
  editor,
  subscribe,
  unsubscribe,
  return_path /* -owner */,
  sympa,
  listmaster,
  sympa_owner /* sympa-request, sympa-owner */,
  unknown
};
struct Destination {
  AddressKind kind = AddressKind::unknown;
  std::string list_name;  ///< for the kinds of a list; lower case, not checked for existence
  std::string domain;
};
struct AddressRules {
  std::string main_domain;
  std::string email = "sympa";
  std::string listmaster_email = "listmaster";
  std::string return_path_suffix = "-owner";
  std::vector<std::string> list_check_suffixes = {"request", "owner", "editor", "unsubscribe",
                                                  "subscribe"};
};
/// Reads a local part as Sympa does (its order of tests).
[[nodiscard]] Destination classify(std::string_view local_part, std::string_view domain,
                                   const AddressRules& rules);

enum class ReceptionMode : std::uint8_t {
  mail,
  notice,
  digest,
  digestplain,
  summary,
  nomail,
  txt,
  urlize,
  not_me
};
[[nodiscard]] std::string_view to_string(ReceptionMode mode);
/// Sympa's spellings; empty and "html" are mail.
[[nodiscard]] std::optional<ReceptionMode> reception_from(std::string_view word);
/// Whether this mode gets a copy at distribution time.
[[nodiscard]] bool receives_copies(ReceptionMode mode);

enum class Role : std::uint8_t { member, owner, editor, listmaster };
[[nodiscard]] std::string_view to_string(Role role);

struct Subscriber {
  std::string email = {};  ///< canonical
  std::string gecos = {};  ///< display name, UTF-8
  ReceptionMode reception = ReceptionMode::mail;
  bool conceal = false;
  bool suspended = false;  ///< now, by its dates
  TimePoint since{};
};
struct Admin {
  Role role = Role::owner;  ///< owner or editor
  std::string email = {};
  std::string gecos = {};
  bool privileged = false;
  bool receives = true;  ///< reception mail
};

/// Members and roles. Errors are `later` (database locked, disk) unless said otherwise.
class Directory {
 public:
  virtual ~Directory() = default;
  [[nodiscard]] virtual Result<std::optional<Subscriber>> member(const ListAddress& list,
                                                                 std::string_view email) = 0;
  /// Members with email > `after`, in order of email, at most `limit`: memory stays flat in the list's size.
  [[nodiscard]] virtual Result<std::vector<Subscriber>> members(const ListAddress& list,
                                                                std::string_view after,
                                                                std::size_t limit) = 0;
  [[nodiscard]] virtual Result<std::size_t> count(const ListAddress& list) = 0;
  /// What else the rows of a member and of a person say, by Sympa's names ("bounce_score", "lang"); empty when there is
  /// no row, no such name or no value. Passwords have no name here.
  [[nodiscard]] virtual Result<std::string> member_value(const ListAddress& list,
                                                         std::string_view email,
                                                         std::string_view name) = 0;
  [[nodiscard]] virtual Result<std::string> user_value(std::string_view email,
                                                       std::string_view name) = 0;
  [[nodiscard]] virtual Result<std::vector<Admin>> admins(const ListAddress& list, Role role) = 0;
  /// False when it was there already (its attributes then stay as they are).
  [[nodiscard]] virtual Result<bool> add_member(const ListAddress& list,
                                                const Subscriber& subscriber) = 0;
  [[nodiscard]] virtual Result<bool> remove_member(const ListAddress& list,
                                                   std::string_view email) = 0;
  [[nodiscard]] virtual Result<bool> add_admin(const ListAddress& list, const Admin& admin) = 0;
  [[nodiscard]] virtual Result<bool> remove_admin(const ListAddress& list, Role role,
                                                  std::string_view email) = 0;
};

/// Certificates by address (Sympa's ssl_cert_dir).
enum class CertificateUse : std::uint8_t { verify, encrypt };
enum class CertificateSlot : std::uint8_t { both, sign, encrypt };
struct StoredCertificate {
  cms::Certificate certificate;
  CertificateSlot slot = CertificateSlot::both;
  std::string file;  ///< name inside the directory
};
/// What lookup found: certificates, or why a file could not be read ("no PEM certificate in it").
struct CertificateLookup {
  /// Newest notBefore first. For encryption also those that it cannot be done with, so that somebody can say why.
  std::vector<StoredCertificate> found;
  std::vector<std::string> unreadable;  ///< "bob@example.org@enc: no certificate found"
  std::vector<std::string>
      refused;  ///< not damaged: "bob@example.org: RSA key of more than 8192 bits"
  std::vector<cms::Certificate> issuers;  ///< authorities that lie beside them in their files
  std::vector<std::string> pinned;        ///< sha256() of those that a person has pinned
};

/// Where a certificate came from. `manual`: a file of the directory that nobody told us about.
enum class CertificateSource : std::uint8_t { mail, manual, import, ldif };
[[nodiscard]] std::string_view to_string(CertificateSource source);
[[nodiscard]] CertificateSource source_from(std::string_view word);  ///< manual for any other

/// `current` ones have a file; `pending` ones wait for a person's word; `removed` ones mail does not bring back.
enum class CertificateState : std::uint8_t { current, history, pending, removed };
[[nodiscard]] std::string_view to_string(CertificateState state);
[[nodiscard]] CertificateState state_from(std::string_view word);  ///< history for any other

/// One certificate of an address, with all that is known of its way here.
struct RememberedCertificate {
  cms::Certificate certificate;
  std::string slot;  ///< "both", "sign", "enc"
  CertificateSource source = CertificateSource::manual;
  std::string message_id, mail_id;  ///< of the mail it came with
  TimePoint learned_at{};
  CertificateState state = CertificateState::current;
  bool pinned = false;
  std::vector<cms::Certificate> issuers = {};
};

/// How a certificate arrives at the store.
struct CertificateArrival {
  CertificateSource source = CertificateSource::import;
  TimePoint at{};
  std::string message_id = {}, mail_id = {};
  std::vector<cms::Certificate> issuers = {};  ///< authorities to keep beside it
  bool replace = false;                        ///< a person said: over a newer or pinned one, too
  /// Of an import: nothing is written, and the answer is the same; what earlier rehearsals with this store would have
  /// stored counts.
  bool rehearsal = false;
  /// Whether a stored certificate could still be sealed to, with the authorities beside it; unset: its dates at `at`
  /// decide.
  std::function<bool(const cms::Certificate&, const std::vector<cms::Certificate>&)> usable = {};
};

class CertificateStore {
 public:
  virtual ~CertificateStore() = default;
  /// Certificates of a canonical address that may serve for `use`, by slot: current names first, then historic
  /// ones that name the address themselves.
  [[nodiscard]] virtual Result<CertificateLookup> find(std::string_view canonical_address,
                                                       CertificateUse use) = 0;
  /// Stores one certificate under the address, atomically, by its keyUsage: both → NAME, signing only → NAME@sign,
  /// encryption only → NAME@enc. A stored certificate of the same slot with newer notBefore stays (no rollback);
  /// an encryption certificate is never removed because a sign-only one arrives, and goes into history when a newer one
  /// for both uses does (security rule 22). From mail (rule 20): another issuer's waits as `pending` while one for the
  /// same use is usable, whichever is newer; a pinned one stays; what a person has removed does not come back.
  enum class Stored : std::uint8_t {
    stored,
    already_there,
    kept_newer,
    pending,        ///< now for the first time: member and owners should hear of it
    still_pending,  ///< and has been since an earlier mail
    kept_pinned,
    kept_removed
  };
  [[nodiscard]] virtual Result<Stored> store(std::string_view canonical_address,
                                             const cms::Certificate& certificate,
                                             const CertificateArrival& arrival) = 0;

  /// Everything that is or was stored for an address, the newest first.
  [[nodiscard]] virtual Result<std::vector<RememberedCertificate>> history(
      std::string_view canonical_address, TimePoint now) = 0;
  /// The one whose SHA-256 begins with `digest` (any case); Errc::not_found for none, Errc::usage for several.
  /// A pinned one is never displaced by mail.
  [[nodiscard]] virtual Result<void> pin(std::string_view canonical_address,
                                         std::string_view digest, bool pinned, TimePoint now) = 0;
  /// A pending one, or one from history, takes its place in the directory.
  [[nodiscard]] virtual Result<void> accept(std::string_view canonical_address,
                                            std::string_view digest, TimePoint now) = 0;
  /// Its file goes; the memory stays, so that mail does not bring it back.
  [[nodiscard]] virtual Result<void> remove(std::string_view canonical_address,
                                            std::string_view digest, TimePoint now) = 0;
};

}  // namespace paraph::list
