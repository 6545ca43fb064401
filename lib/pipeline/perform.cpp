#include "pipeline/perform.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "base/ascii.h"
#include "base/utf8.h"
#include "cms/capabilities.h"
#include "mail/address.h"
#include "pipeline/ask.h"
#include "pipeline/guard.h"
#include "pipeline/key_ring.h"
#include "pipeline/list_header.h"
#include "pipeline/missed.h"
#include "pipeline/outbox.h"
#include "pipeline/perform_commands.h"
#include "pipeline/priority.h"
#include "pipeline/receivers.h"
#include "pipeline/sealing.h"
#include "store/recipients.h"

namespace paraph::pipeline {
namespace {

using outcome::AnswerCertificate;
using outcome::Commands;
using outcome::Discard;
using outcome::Distribute;
using outcome::Duplicate;
using outcome::Forward;
using outcome::Hold;
using outcome::Quarantine;
using outcome::Reject;

constexpr std::size_t kRefusalsToUnknown = 1;
constexpr std::size_t kRefusalsToKnown = 10;

std::string_view arrived(const Item& item) {
  return item.tree.message().octets();
}

std::string message_id(const Item& item) {
  const auto field = item.tree.field(item.tree.root(), "Message-ID");
  return field ? mail::canonical_message_id(*field) : std::string{};
}

// The MTA's name for it: "id 4XkQ2" of the topmost Received field, for grepping across logs.
std::string mta_id(const Item& item) {
  const auto received = item.tree.field(item.tree.root(), "Received");
  if (!received) return {};
  const auto at = ascii::ifind(*received, " id ");
  if (at == std::string::npos) return {};
  const auto rest = std::string_view(*received).substr(at + 4);
  return std::string(rest.substr(0, rest.find_first_of(" ;\t)")));
}

std::string with_note(const std::string& why, const std::string& note) {
  return why.empty() || note.empty() ? why + note : why + "; " + note;
}

class Performer {
 public:
  Performer(const Item& item, const IncomingSpools& spools, const Ports& ports)
      : item_(item), spools_(spools), ports_(ports) {}

  Result<void> operator()(const Distribute& distribute) {
    spool::SpoolHeader header = item_.header;
    header.kind = "post";
    header.list = distribute.list.str();
    header.auth = distribute.auth_method;
    header.sealed = distribute.sealed ? "yes" : "no";
    header.priority =
        bulk_priority(parse_priority(item_.config ? item_.config->get("priority") : std::string()));
    header.sender = distribute.sender;
    header.reverse_path = distribute.list.with_suffix(ports_.site.get("return_path_suffix"));
    Receivers receivers(distribute.list, distribute.sender, ports_.directory);
    auto handed = hand_over(header, arrived(item_), [&] { return receivers.next(); });
    if (handed && !left_a_file_) note_ = "no_subscribers";
    return handed;
  }

  Result<void> operator()(const Forward& forward) {
    spool::SpoolHeader header = item_.header;
    header.kind = "forward";
    header.priority = bulk_priority(priority_(item_.header.address));
    header.sender = item_.sender;
    header.list = item_.list ? item_.list->str() : std::string{};
    header.auth = "smtp";
    header.sealed = "no";
    header.reverse_path =
        fmt::format("{}-request@{}", ports_.site.get("email", forward.domain), forward.domain);
    bool given = false;
    const auto message = with_loop_mark(item_.tree, forward.address);
    return hand_over(header, message.octets(), [&]() -> Result<std::vector<std::string>> {
      if (std::exchange(given, true)) return std::vector<std::string>{};
      return forward.recipients;
    });
  }

  Result<void> operator()(const Hold& hold) {
    auto& spool = hold.spool == "auth" ? spools_.auth : spools_.moderation;
    spool::SpoolHeader header = item_.header;
    header.kind = "post";
    header.list = item_.list ? item_.list->str() : std::string{};
    header.auth = std::string(scenario::to_string(item_.judged));
    header.sealed = item_.opened.payload ? "yes" : "no";
    header.sender = item_.sender;
    left_a_file_ = true;
    if (auto held = spool.hold(header, arrived(item_), hold.reason); !held) return held;
    if (!item_.list) return {};
    auto asked = hold.spool == "moderation"
                     ? ask_judges(item_, hold.judges, hold.reason, spools_.bulk, ports_)
                     : ask_author(item_, spools_.bulk, ports_);
    if (asked && hold.tell_author)
      if (auto told = tell_author(); !told) asked = told.error();
    // What passes makes it wait, and the repeat finds it held. Else it is held, whether they can be told or not.
    if (!asked && asked.error().retry() == Retry::later) return asked.error();
    note_ = with_note(asked ? *asked : "nobody was asked: " + asked.error().what(), note_);
    if (!asked)
      ports_.log.write(sys::Level::error, "not-asked",
                       {{"id", header.id.str()}, {"reason", asked.error().advice()}});
    return {};
  }

  // Told to a non-null envelope sender that is no program (rule 41). Who cannot be told costs
  // nobody the refusal.
  Result<void> operator()(const Reject& reject) {
    if (reject.quiet || item_.header.reverse_path.empty() || is_automatic(item_.tree)) return {};
    auto may_tell = is_to_be_told(item_.header.reverse_path);
    if (!may_tell) return std::move(may_tell).error();
    if (!*may_tell) return {};
    auto told = reject.tt2.empty() ? report(reject) : answer(reject.tt2);
    if (told || told.error().retry() == Retry::later) return told;
    note_ = "sender not told: " + told.error().what();
    return {};
  }

  // RFC 3834 §2: no answer to the null sender, though what is proven is stored.
  Result<void> operator()(const AnswerCertificate& answer) {
    assert(!answer.certificates.empty());
    if (item_.header.null_sender()) return {};
    const auto& certificate = answer.certificates.front();
    const bool signs = certificate.may_sign();
    const bool encrypts =
        certificate.may_encrypt() || answer.certificates.size() > 1;  // with its companion
    tt2::Data data{{"outcome", learned_},
                   {"usage", signs && encrypts ? "both"
                             : encrypts        ? "encryption"
                                               : "signing"},
                   {"certificate",
                    tt2::Value::of(tt2::Data{{"subject", utf8::printable(certificate.subject())},
                                             {"issuer", utf8::printable(certificate.issuer())},
                                             {"serial", certificate.serial()},
                                             {"sha256", certificate.sha256()},
                                             {"not_after", iso8601(certificate.not_after())}})}};
    Notice notice{.id = item_.header.id.derive("certificate-stored", ports_.digest),
                  .template_name = "certificate-stored.tt2",
                  .data = std::move(data),
                  .to = answer.address,
                  .list = std::nullopt,
                  .domain = answer.domain,
                  .auto_submitted = "auto-replied",
                  .in_reply_to = message_id(item_)};
    return enqueue_notice(notice, {}, spools_.bulk, ports_);  // RFC 3834 §3.3: null reverse path
  }

  Result<void> operator()(const Commands& commands) {
    auto note = perform_commands(item_, commands, spools_, ports_);
    if (!note) return std::move(note).error();
    note_ = std::move(*note);
    return {};
  }

  Result<void> operator()(const Duplicate&) { return {}; }
  Result<void> operator()(const Discard&) { return {}; }

  Result<void> operator()(const Quarantine& quarantine) {
    return raise_alarm(item_.header.id, "quarantined", item_.header.address, quarantine.reason,
                       spools_.bulk, ports_);
  }

  /// So that distribution need not parse it, which fails here and is done there if it must; and what he missed comes,
  /// after a repeat, too, that finds the certificate stored.
  Result<void> after_learning(const std::string& address, bool stored) {
    const auto terms = stored ? seal_terms(ports_) : Error::later(Errc::busy, "nothing is new");
    if (terms) (void)ports_.recipients.learn({address}, *terms);
    const auto sent = send_missed(address, spools_.bulk, ports_);
    if (!sent) return sent.error();
    if (*sent > 0)
      ports_.log.write(sys::Level::info, "missed-posts-sent",
                       {{"address", address}, {"posts", std::to_string(*sent)}});
    return {};
  }

  /// How the certificates of this mail come to the store (rules 20 to 22).
  [[nodiscard]] list::CertificateArrival arrival() const {
    list::CertificateArrival out;
    out.source = list::CertificateSource::mail;
    out.at = ports_.clock.now();
    out.message_id = message_id(item_);
    out.mail_id = item_.header.id.str();
    constexpr std::size_t kMostIssuers = 8;
    for (const auto& each : item_.opened.protection.signature.certificates)
      if (each.is_ca() && out.issuers.size() < kMostIssuers) out.issuers.push_back(each);
    out.usable = [this](const cms::Certificate& certificate,
                        const std::vector<cms::Certificate>& issuers) {
      const auto all = all_terms();
      if (!all) return true;  // who knows
      list::CertificateLookup lookup;
      lookup.found.push_back({certificate, list::CertificateSlot::both, {}});
      lookup.issuers = issuers;
      return std::any_of(all->begin(), all->end(), [&](const auto& terms) {
        return store::choose(lookup, terms).certificate.has_value();
      });
    };
    return out;
  }

  // Of the site and of every list that differs: what one of them seals to is in use.
  [[nodiscard]] Result<std::vector<store::SealTerms>> all_terms() const {
    auto site = seal_terms(ports_);
    if (!site) return std::move(site).error();
    std::vector<store::SealTerms> out{*std::move(site)};
    const auto lists = ports_.site.lists();
    if (!lists) return lists.error();
    for (const auto& list : *lists) {
      const auto config = config::ListConfig::load(ports_.site, list);
      if (!config) continue;  // that list seals to nobody now
      auto terms = seal_terms(ports_, &*config);
      if (!terms) return std::move(terms).error();
      const bool known = std::any_of(out.begin(), out.end(), [&](const auto& other) {
        return other.trust == terms->trust && other.policy == terms->policy;
      });
      if (!known) out.push_back(*std::move(terms));
    }
    return out;
  }

  // Rule 25: what the signer's program states counts for the certificate that it reads with.
  Result<void> learn_capabilities(const std::string& address) {
    const auto& signer = item_.opened.protection.signature.signers.front();
    if (!signer.signing_time || signer.capabilities_der.empty()) return {};
    const auto& companion = item_.opened.protection.companion;
    const auto& reads_with = companion ? companion : signer.certificate;
    const store::Capability capability{epoch(*signer.signing_time),
                                       cms::stated_capabilities(signer.capabilities_der)};
    const auto before = ports_.memory.capability(reads_with->sha256());
    if (!before) return before.error();
    // Told before it is learned: what is learned is no change to a repeat.
    if (*before && capability.signing_time > (*before)->signing_time)
      if (auto told = tell_of_fall(address, (*before)->stated, capability.stated); !told)
        return told;
    const auto changed = ports_.memory.learn_capability(address, reads_with->sha256(), capability);
    if (!changed) return changed.error();
    if (*changed && *before)
      ports_.log.write(
          sys::Level::warning, "capabilities-changed",
          {{"address", address}, {"before", (*before)->stated}, {"now", capability.stated}});
    return {};
  }

  [[nodiscard]] Result<std::vector<std::string>> people_in_charge() const {
    auto admins = item_.list ? ports_.directory.admins(*item_.list, list::Role::owner)
                             : Result<std::vector<list::Admin>>(std::vector<list::Admin>{});
    if (!admins) return std::move(admins).error();
    std::vector<std::string> people;
    for (const auto& admin : *admins) people.push_back(admin.email);
    return people.empty() ? ports_.site.listmasters() : people;
  }

  // Rule 25: a program that states less than before may be an older one, or somebody's who has the key.
  Result<void> tell_of_fall(const std::string& address, const std::string& before,
                            const std::string& now) {
    const auto lost = cms::capabilities_lost(before, now);
    if (now.empty() || lost.empty()) return {};
    auto people = people_in_charge();
    if (!people) return std::move(people).error();
    for (const auto& person : without_own_addresses(*std::move(people), ports_.site)) {
      const Notice notice{
          .id = item_.header.id.derive("capabilities-fell:" + person, ports_.digest),
          .template_name = "capabilities-fell.tt2",
          .data = {{"address", address}, {"before", before}, {"now", now}, {"lost", lost}},
          .to = person,
          .list = item_.list,
          .domain = item_.destination.domain,
          .auto_submitted = "auto-generated",
          .in_reply_to = {}};
      if (auto told = enqueue_notice(notice, {}, spools_.bulk, ports_); !told) return told;
    }
    return {};
  }

  struct Hearer {
    std::string person;
    std::optional<list::ListAddress> list;  ///< that speaks to him; none: the site
  };
  // Wherever it came first: the owners of every list that he is a member of, and the listmasters, who alone can
  // accept it. Each once, and from a list of his own: where else the member writes is not his to know.
  [[nodiscard]] Result<std::vector<Hearer>> who_hears_of_pending(const std::string& address) const {
    std::vector<Hearer> out{{address, item_.list}};
    const auto add = [&out](const std::vector<std::string>& people,
                            const std::optional<list::ListAddress>& list) {
      for (const auto& person : people)
        if (std::none_of(out.begin(), out.end(),
                         [&](const Hearer& one) { return one.person == person; }))
          out.push_back({person, list});
    };
    const auto lists = ports_.site.lists();
    if (!lists) return lists.error();
    for (const auto& list : *lists) {
      const auto member = ports_.directory.member(list, address);
      if (!member) return member.error();
      if (!*member) continue;
      const auto owners = people_of(list, list::Role::owner, ports_);
      if (!owners) return owners.error();
      add(*owners, list);
    }
    add(ports_.site.listmasters(), std::nullopt);
    return out;
  }

  // Rule 20: sealing stays on the old one; the member, and who looks after his lists, hear of it once.
  Result<void> tell_of_pending(const outcome::LearnCertificate& learned) {
    const auto hearers = who_hears_of_pending(learned.address);
    if (!hearers) return hearers.error();
    const std::string sha256 = learned.certificate.sha256();
    constexpr std::size_t kForeign = 80;  // rule 39
    for (const auto& [person, list] : *hearers) {
      if (!may_be_written_to(ports_.site, person)) continue;
      const Notice notice{
          .id =
              item_.header.id.derive("certificate-pending:" + sha256 + ":" + person, ports_.digest),
          .template_name = "certificate-pending.tt2",
          .data = {{"address", learned.address},
                   {"member", person == learned.address ? "1" : ""},
                   {"issuer", utf8::printable(learned.certificate.issuer(), kForeign)},
                   {"sha256", sha256},
                   {"digest", sha256.substr(0, 16)},
                   {"not_after", iso8601(learned.certificate.not_after())}},
          .to = person,
          .list = list,
          .domain = list ? list->domain() : item_.destination.domain,
          .auto_submitted = "auto-generated",
          .in_reply_to = {}};
      if (auto told = enqueue_notice(notice, {}, spools_.bulk, ports_); !told) return told;
    }
    return {};
  }

  Result<void> learn() {
    using Stored = list::CertificateStore::Stored;
    static constexpr std::array<std::string_view, 7> words{
        "stored", "already", "kept_newer", "pending", "pending", "pending", "removed"};
    if (item_.effects.empty()) return {};
    const auto how = arrival();
    bool stored_some = false;
    for (const auto& effect : item_.effects) {
      const auto& certificate = std::get<outcome::LearnCertificate>(effect);
      auto stored = ports_.certificates.store(certificate.address, certificate.certificate, how);
      if (!stored &&
          stored.error().retry() == Retry::never) {  // an address that no file can be named after
        ports_.log.write(sys::Level::warning, "certificate-not-stored",
                         {{"address", certificate.address}, {"reason", stored.error().what()}});
        continue;
      }
      if (!stored) return std::move(stored).error();
      const auto word = words[static_cast<std::size_t>(*stored)];
      if (learned_.empty()) learned_ = word;
      stored_some = stored_some || *stored == Stored::stored;
      if (*stored == Stored::already_there || *stored == Stored::still_pending) continue;
      ports_.log.write(*stored == Stored::stored ? sys::Level::info : sys::Level::warning,
                       *stored == Stored::stored ? "certificate-stored" : "certificate-not-used",
                       {{"address", certificate.address},
                        {"sha256", certificate.certificate.sha256()},
                        {"outcome", word}});
      if (*stored == Stored::pending)
        if (auto told = tell_of_pending(certificate); !told) return told;
    }
    const auto& address = std::get<outcome::LearnCertificate>(item_.effects.front()).address;
    if (auto done = learn_capabilities(address); !done) return done;
    return after_learning(address, stored_some);
  }

  [[nodiscard]] const std::string& note() const { return note_; }
  /// Under a name made from the ingest id, which every repeat looks for: bulk/msg or done, held mail.
  [[nodiscard]] bool left_a_file() const { return left_a_file_; }
  [[nodiscard]] bool unpublished() const { return unpublished_; }

 private:
  Result<void> hand_over(const spool::SpoolHeader& header, std::string_view message,
                         const spool::BulkSpool::Recipients& next) {
    const auto prepared = spools_.bulk.prepare(header, message, next, !item_.published);
    if (!prepared) return prepared.error();
    left_a_file_ = prepared->recipients > 0;
    unpublished_ = prepared->unpublished;
    return {};
  }

  // Rule 41: whoever only says that he is somebody hears of one refusal a day, and a known author of ten; the others are
  // counted in the ledger. It is not he, perhaps, who sent them.
  Result<bool> is_to_be_told(const std::string& address) {
    if (item_.method != scenario::AuthMethod::smtp) return true;
    auto known = is_known(address);
    if (!known) return known;
    const auto refusals = count_refused(item_, address, ports_);
    if (!refusals) return refusals.error();
    if (*refusals <= (*known ? kRefusalsToKnown : kRefusalsToUnknown)) return true;
    note_ = fmt::format("sender not told: refusal {} to this address today", *refusals);
    return false;
  }

  // That his post waits for an editor. Of an encrypted one not even the Subject.
  Result<void> tell_author() {
    if (item_.header.null_sender() || is_automatic(item_.tree)) return {};
    if (!may_be_written_to(ports_.site, item_.sender)) return {};
    const auto may_tell = is_to_be_told(item_.sender);
    if (!may_tell) return may_tell.error();
    if (!*may_tell) return {};
    const Notice notice{.id = item_.header.id.derive("held", ports_.digest),
                        .template_name = "message_held.tt2",
                        .data = {{"sender", item_.sender},
                                 {"subject_of_post", subject_of_post(item_)},
                                 {"message_id", utf8::printable(message_id(item_), kSignedValue)}},
                        .to = item_.sender,
                        .list = item_.list,
                        .domain = item_.destination.domain,
                        .auto_submitted = "auto-replied",
                        .in_reply_to = message_id(item_)};
    const auto told = enqueue_notice(notice, {}, spools_.bulk, ports_);
    if (told || told.error().retry() == Retry::later) return told;
    note_ = "sender not told: " + told.error().what();
    return {};
  }

  Result<bool> is_known(const std::string& text) {
    const auto address = mail::AddrSpec::parse(text);
    if (!address || !item_.list) return false;
    const std::string canonical = address->canonical();
    auto member = ports_.directory.member(*item_.list, canonical);
    if (!member) return std::move(member).error();
    if (member->has_value()) return true;
    for (const auto role : {list::Role::owner, list::Role::editor}) {
      auto admins = ports_.directory.admins(*item_.list, role);
      if (!admins) return std::move(admins).error();
      if (std::any_of(admins->begin(), admins->end(),
                      [&](const auto& admin) { return admin.email == canonical; }))
        return true;
    }
    return false;
  }

  Result<void> report(const Reject& reject) {
    Refusal refusal{
        .id = item_.header.id.derive("refusal", ports_.digest),
        .to = item_.header.reverse_path,
        .recipient = item_.header.address,
        .list = item_.list,
        .domain = item_.destination.domain,
        .status = reject.status,
        .reason = reject.told.empty() ? reject.reason : reject.told,
        // Attack A37: what happened inside an encrypted post is nobody's to learn by asking.
        .detail = item_.opened.protection.encrypted ? std::string{} : reject.detail,
        .message_id = message_id(item_),
        .original_header = std::string(item_.tree.message().at(item_.tree.root().header)),
        .arrival = item_.header.received};
    return enqueue_refusal(refusal, spools_.bulk, ports_);
  }

  // reject(tt2='NAME'): the list's own words.
  Result<void> answer(const std::string& tt2) {
    const Notice notice{.id = item_.header.id.derive("refusal", ports_.digest),
                        .template_name = tt2 + ".tt2",
                        .data = {{"sender", item_.sender},
                                 {"message_id", utf8::printable(message_id(item_), 80)},
                                 {"reason", utf8::printable(item_.header.word.reason, 2000)}},
                        .to = item_.header.reverse_path,
                        .list = item_.list,
                        .domain = item_.destination.domain,
                        .auto_submitted = "auto-replied",
                        .in_reply_to = message_id(item_),
                        .values = Notice::Values::whole};  // an editor's words are not cut
    return enqueue_notice(notice, {}, spools_.bulk, ports_);
  }

  const Item& item_;
  const IncomingSpools& spools_;
  const Ports& ports_;
  Priorities priority_{ports_.site};
  std::string learned_;
  std::string note_;
  bool left_a_file_ = false;
  bool unpublished_ = false;
};

}  // namespace

Result<Performed> perform(const Item& item, const outcome::Disposition& disposition,
                          const IncomingSpools& spools, const Ports& ports) {
  Performer performer(item, spools, ports);
  if (auto learned = performer.learn(); !learned) return learned.error();
  // Made before the outputs: what throws here leaves no outputs that wait for publish().
  const std::string why = outcome::reason(disposition);
  store::MailRow row{.id = item.header.id.str(),
                     .list = item.list ? item.list->str() : std::string{},
                     .from = item.sender,
                     .outcome = std::string(outcome::word(disposition)),
                     .reason = why,
                     .mta_id = mta_id(item),
                     .size = static_cast<long long>(item.tree.message().size()),
                     .received = epoch(item.header.received),
                     .message_id = message_id(item)};
  if (auto done = std::visit(performer, disposition); !done) return done.error();
  if (!performer.note().empty()) row.reason = with_note(why, performer.note());
  if (const auto& word = item.header.word; word.given()) {
    row.reason = with_note(row.reason, fmt::format("{} by {}", word.verdict, word.by));
    // Security rule 18: both verdicts are shown.
    if (const auto now = scenario::to_string(item.judged); now != word.judged && !word.rejects())
      row.reason = with_note(row.reason, fmt::format("{} when held, {} now", word.judged, now));
  }
  // Published or held, the mail itself tells of its ending: without the row a repeat finds it under
  // the same name and keeps it. Of a discarded one the row is all that remains.
  if (performer.left_a_file()) return Performed{performer.unpublished(), std::move(row)};
  if (auto recorded = ports.ledger.record(row); !recorded) return recorded.error();
  return Performed{};
}

}  // namespace paraph::pipeline
