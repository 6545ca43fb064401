#include "pipeline/distribution.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/sealed.h"
#include "base/utf8.h"
#include "cms/seal.h"
#include "config/site.h"
#include "mail/address.h"
#include "pipeline/incoming.h"
#include "pipeline/key_ring.h"
#include "pipeline/list_header.h"
#include "pipeline/missed.h"
#include "pipeline/outbox.h"
#include "pipeline/sealing.h"
#include "pipeline/summary.h"
#include "smime/seal.h"
#include "sys/process.h"

namespace paraph::pipeline {
namespace {

constexpr auto kRetryDeferred = std::chrono::minutes(10);

/// One packet in work. Members answer an Error when the machine, and not a recipient, is at fault.
class Shipment {
 public:
  Shipment(spool::PacketClaim& claim, const spool::Spooled& spooled, spool::BulkSpool& bulk,
           delivery::Courier& courier, const Ports& ports, const RecipientWatch& watch)
      : claim_(claim),
        header_(spooled.header),
        since_(spooled.since),
        bulk_(bulk),
        courier_(courier),
        ports_(ports),
        watch_(watch) {}

  Result<void> run(std::string message) {
    if (auto begun = begin(message.size()); !begun) return begun;
    if (header_.kind != "post") return copy_to_all(message);

    auto list = ports_.site.resolve_list(header_.list);
    if (!list) return std::move(list).error();
    auto config = config::ListConfig::load(ports_.site, *list);
    if (!config) return std::move(config).error();
    if (header_.sealed == "yes") return seal_for_all(std::move(message), *config);
    const auto post =
        with_list_header(mail::scan(mail::RawMessage(std::move(message))), *config, ports_.site);
    return copy_to_all(post.octets());
  }

  [[nodiscard]] const spool::SpoolHeader& header() const { return header_; }
  [[nodiscard]] bool is_sealed_post() const {
    return header_.kind == "post" && header_.sealed == "yes";
  }
  [[nodiscard]] bool deferred_some() const { return deferred_; }
  [[nodiscard]] bool transport_down() const { return transport_down_; }
  /// Nothing is wrong: somebody stops the daemon. The journal has what is done.
  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] bool handed_over() const { return handed_over_; }
  [[nodiscard]] const std::string& deferred_why() const { return deferred_why_; }
  /// Empty, or what the listmaster should hear: copies past their lifetime.
  [[nodiscard]] std::string expiry() const {
    return expired_copies_ == 0
               ? std::string()
               : fmt::format("{} cop{} past packet_lifetime have failed; the last: {}",
                             expired_copies_, expired_copies_ == 1 ? "y" : "ies", expired_why_);
  }

  /// The journal's outcomes, the old and the new ones, into the ledger.
  Result<void> write_ledger() const {
    std::vector<store::CopyRow> rows;
    for (const auto& copy : claim_.done())
      rows.push_back({claim_.id().str(), copy.recipient, copy.outcome, copy.certificate,
                      copy.cipher, copy.detail});
    return ports_.ledger.record_copies(rows);
  }

 private:
  // Before the first copy leaves, the ledger knows this mail: a repeat of the incoming daemon then
  // finds it ended.
  Result<void> begin(std::size_t size) {
    return ports_.ledger.record({.id = header_.id.str(),
                                 .list = header_.list,
                                 .from = header_.sender,
                                 .outcome = header_.kind == "post"      ? "distributed"
                                            : header_.kind == "forward" ? "forwarded"
                                                                        : "service",
                                 .reason = {},
                                 .mta_id = {},
                                 .size = static_cast<long long>(size),
                                 .received = epoch(header_.received)});
  }

  // The same octets for everybody, `nrcpt` recipients a transaction. A Maildir gains nothing from
  // that, and one recipient a time is what a crash can repeat.
  Result<void> copy_to_all(std::string_view message) {
    const auto recipients = claim_.remaining();
    const bool single = watch_.singly || ports_.site.get("transport").starts_with("maildir:");
    const auto batch = single
                           ? std::size_t{1}
                           : static_cast<std::size_t>(std::max(1LL, ports_.site.number("nrcpt")));
    for (std::size_t at = 0, end = 0; at < recipients.size(); at = end) {
      if (sys::stop_requested()) return stop();
      if (const auto why = objection(recipients[at])) {
        if (auto refused = refuse(recipients[at], *why); !refused) return refused;
        end = at + 1;
        continue;
      }
      end = std::min(at + batch, recipients.size());
      const std::vector<std::string> some(recipients.begin() + static_cast<std::ptrdiff_t>(at),
                                          recipients.begin() + static_cast<std::ptrdiff_t>(end));
      if (auto sent = hand_over(
              some, {message},
              {.recipient = {}, .outcome = "plain", .certificate = {}, .cipher = {}, .detail = {}});
          !sent)
        return sent;
    }
    return {};
  }

  struct Opened {
    std::string outer_header;
    Sealed<mail::RawMessage> payload;
    std::string author;
  };

  // When this returns, the message itself and all layers around the payload are gone from memory.
  Result<Opened> open_post(std::string message, const config::ListConfig& config) {
    const auto tree = mail::scan(mail::RawMessage(std::move(message)));
    std::vector<std::string> from;
    for (const auto* field : tree.find(tree.root(), "From"))
      for (const auto& mailbox : mail::parse_address_list(tree.unfolded(*field)).mailboxes)
        from.push_back(mailbox.address.canonical());
    auto context = open_context(config.address(), from, header_.received, ports_);
    if (!context) return std::move(context).error();
    auto opened = smime::open(tree, context->context);
    if (!opened.payload)  // it opened when it came in: the key has changed or gone since
      return Error::later(Errc::config, "the post cannot be opened any more with the keys of " +
                                            config.address().str())
          .with_hint("paraph key show " + config.address().str());
    return Opened{sealed_list_header(tree, config, ports_.site), std::move(*opened.payload),
                  from.empty() ? std::string{} : from.front()};
  }

  // And when this returns, the plaintext is.
  Result<smime::SealedPost> prepare_post(std::string message, const config::ListConfig& config,
                                         cms::ContentCipher cipher) {
    auto opened = open_post(std::move(message), config);
    if (!opened) return std::move(opened).error();
    author_ = std::move(opened->author);
    sign_post(opened->payload, config);
    const bool crlf = courier_.wants_crlf() && !outer_signer_;  // what is signed again has LF
    return smime::SealedPost::prepare(
        std::move(opened->outer_header), opened->payload, cipher,
        crlf ? smime::SealedPost::LineEnd::crlf : smime::SealedPost::LineEnd::lf);
  }

  // Security rule 38. Only what its author has signed himself: the list's signature over octets that anybody chose would
  // make them the list's own words. What cannot be signed goes on without; `status` says why.
  void sign_post(Sealed<mail::RawMessage>& payload, const config::ListConfig& config) {
    const std::string mode = config.get("list_sign");
    if (mode == "off" || header_.auth != "smime") return;
    auto ring = load_key_ring(config.directory(), ports_.site);
    if (!ring) return unsigned_copies(ring.error().advice());
    auto key =
        signing_key(*ring, config.address().str(), ports_.clock.now(), policy_of(ports_.site));
    if (!key.signer) return unsigned_copies(key.refusal.empty() ? "no key" : key.refusal);
    add_issuers(*key.signer, config.address(), ports_);
    if (mode == "inside") {
      auto done = smime::sign_payload(payload, *key.signer, ports_.clock.now(), boundary_seed());
      if (!done) return unsigned_copies(done.error().what());
      payload = std::move(*done);
    } else if (key.signer->pair.certificate.key_type() == cms::KeyType::ec) {
      outer_signer_ = std::move(key.signer);
    } else {
      unsigned_copies("list_sign outer takes an EC key");
    }
  }
  void unsigned_copies(const std::string& why) {
    ports_.log.write(sys::Level::warning, "unsigned",
                     {{"id", claim_.id().str()}, {"list", header_.list}, {"problem", why}});
  }
  [[nodiscard]] std::string boundary_seed() const {
    return ports_.digest.sha256("list-sign:" + claim_.name());
  }

  struct Made {
    delivery::Content copy;  ///< of the post; its octets are the post's until the next copy
    std::string own;         ///< in place of it: a notice, or a copy that was signed for him
    spool::CopyOutcome outcome;
    [[nodiscard]] delivery::Content content() const {
      return own.empty() ? copy : delivery::Content{own};
    }
  };

  Result<void> seal_for_all(std::string message, const config::ListConfig& config) {
    auto terms = seal_terms(ports_, &config);
    if (!terms) return std::move(terms).error();
    terms_ = *std::move(terms);
    wishes_ = cipher_wishes(config);
    // What most will be sealed with; and an unusable list key stops the packet before its first copy.
    const auto usual = choose_cipher(wishes_, {});
    auto post = prepare_post(std::move(message), config, usual);
    if (!post) return std::move(post).error();
    posts_.emplace(usual, *std::move(post));
    note(ports_.recipients.prefetch(claim_.remaining(), terms_));
    auto sealed = seal_for_each(config);
    note(ports_.recipients.remember());
    return sealed;
  }

  Result<void> seal_for_each(const config::ListConfig& config) {
    for (const auto& member : claim_.remaining()) {
      if (sys::stop_requested()) return stop();
      if (const auto why = objection(member)) {
        if (auto refused = refuse(member, *why); !refused) return refused;
        continue;
      }
      auto made = make_for(member, config);
      if (auto sent = made ? pass_on(member, *made) : set_aside(member, made.error()); !sent)
        return sent;
    }
    return {};
  }

  Result<void> pass_on(const std::string& member, Made& made) {
    if (made.outcome.outcome == "missed") return record({made.outcome});
    return hand_over({member}, made.content(), std::move(made.outcome));
  }

  // One encryption of the content for each cipher that readers of this packet need, three at most. For a further one
  // the post is opened anew, so that no plaintext stays meanwhile.
  Result<smime::SealedPost*> post_for(cms::ContentCipher cipher, const config::ListConfig& config) {
    if (const auto made = posts_.find(cipher); made != posts_.end()) return &made->second;
    auto spooled = bulk_.message(claim_.id());
    if (!spooled) return std::move(spooled).error();
    auto post = prepare_post(std::move(spooled->message), config, cipher);
    if (!post) return std::move(post).error();
    return &posts_.emplace(cipher, *std::move(post)).first->second;
  }

  [[nodiscard]] std::optional<std::string> objection(const std::string& recipient) const {
    return watch_.next ? watch_.next(recipient) : std::nullopt;
  }

  // The outcome last: a crash before it tells twice, and not nobody.
  Result<void> refuse(const std::string& recipient, const std::string& why) {
    if (auto kept = bulk_.set_aside(claim_, recipient, recipient + ": " + why); !kept) return kept;
    if (auto told = raise_alarm(claim_.id(), "failed", recipient + " in packet " + claim_.name(),
                                why, bulk_, ports_);
        !told)
      return told;
    return record({{.recipient = recipient,
                    .outcome = "failed",
                    .certificate = {},
                    .cipher = {},
                    .detail = why}});
  }

  // Records of recipients only save time, those of notices spare somebody a second one.
  void note(const Result<void>& recorded) {
    if (!recorded)
      ports_.log.write(sys::Level::warning, "not-recorded",
                       {{"reason", recorded.error().what()}, {"try", recorded.error().hint()}});
  }

  // What one member gets. An Error here is about him alone: his certificate file, his address, his
  // notice.
  Result<Made> make_for(const std::string& member, const config::ListConfig& config) {
    terms_.at = ports_.clock.now();
    auto target = ports_.recipients.find(member, terms_);
    if (!target) return std::move(target).error();
    if (target->recipient != nullptr) {
      auto post = post_for(choose_cipher(wishes_, *target->reader), config);
      if (!post) return std::move(post).error();
      const auto copy = (*post)->copy_for(*target->recipient);
      if (copy)
        return Made{{copy->front, copy->tail, courier_.wants_crlf() && !outer_signer_},
                    outer_signer_ ? signed_copy(*copy) : std::string(),
                    {.recipient = member,
                     .outcome = "sealed",
                     .certificate = std::string(target->sha256),
                     .cipher = std::string(cms::cipher_name((*post)->cipher())),
                     .detail = {}}};
      target->problem = "unsupported_key";
      target->detail = copy.error().what();
    }
    return make_notice(member, *target, config);
  }

  // Empty: the copy goes without.
  std::string signed_copy(const smime::SealedPost::Copy& copy) {
    auto done =
        smime::sign_message(copy.str(), *outer_signer_, ports_.clock.now(), boundary_seed());
    if (done) return std::move(*done);
    unsigned_copies(done.error().what());
    return {};
  }

  // One member's trouble disturbs nobody else (attack A36): it is his outcome, or he is tried again
  // later.
  Result<void> set_aside(const std::string& member, const Error& why) {
    if (why.retry() == Retry::later && !expired()) {
      defer(member, why.advice());
      return {};
    }
    if (why.retry() == Retry::later) note_expiry(member, why.advice());
    return record(
        {{.recipient = member,
          .outcome = "failed",
          .certificate = {},
          .cipher = {},
          .detail = (why.retry() == Retry::later ? expired_words() : std::string()) + why.what()}});
  }

  // At most one notice a day; the next one counts what was missed.
  Result<Made> make_notice(const std::string& member, const store::PreparedTarget& target,
                           const config::ListConfig& config) {
    const std::string why =
        target.detail.empty() ? target.problem : target.problem + ": " + target.detail;
    const auto noted = note_missed(header_, bulk_, member, target.problem, config, ports_);
    note(noted);
    const auto list = config.address().str();
    const auto standing = ports_.notices.standing(member, list);
    if (!standing) return standing.error();
    const auto turn =
        ports_.notices.take_turn(member, list, header_.id.str(), epoch(ports_.clock.now()));
    if (!turn) return turn.error();
    if (!*turn)
      return Made{{},
                  {},
                  {.recipient = member,
                   .outcome = "missed",
                   .certificate = {},
                   .cipher = {},
                   .detail = why + "; told of an earlier one less than a day ago"}};
    const Notice notice{
        .id = claim_.id().derive("no-certificate:" + member, ports_.digest),
        .template_name = "x509-user-cert-missing.tt2",
        .data = {{"case", target.problem},
                 {"detail", utf8::printable(target.detail)},
                 {"min_rsa_bits", std::to_string(terms_.policy.min_rsa_bits)},
                 {"max_rsa_bits", std::to_string(terms_.policy.max_rsa_bits)},
                 {"missed_count", std::to_string(standing->missed)},
                 {"kept",
                  noted && keeps_missed(config) ? "1" : ""},  // no promise that nobody keeps
                 {"sender", author_},
                 {"mail", tt2::Value::of(tt2::Data{{"sender", author_}})}},  // Sympa's name for it
        .to = member,
        .list = config.address(),
        .domain = config.address().domain(),
        .auto_submitted = "auto-generated",
        .in_reply_to = {}};
    auto message = compose_notice(notice, ports_);
    if (!message) return std::move(message).error();
    return Made{
        {},
        std::move(*message),
        {.recipient = member, .outcome = "notice", .certificate = {}, .cipher = {}, .detail = why}};
  }

  Result<void> hand_over(const std::vector<std::string>& recipients,
                         const delivery::Content& message, spool::CopyOutcome outcome) {
    if (!lost_.empty()) return give_up(recipients);
    // A notice rides in the post's packet, but is an automatic message of its own: nothing comes back to it (RFC 3834
    // §3.3, RFC 5321 §4.5.5).
    const bool notice = outcome.outcome == "notice";
    auto statuses =
        courier_.deliver({notice ? std::string() : header_.reverse_path, recipients}, message);
    if (!statuses && expired() && !handed_over_) {
      lost_ = expired_words() + statuses.error().what();
      return give_up(recipients);
    }
    if (!statuses) {
      transport_down_ = true;
      return std::move(statuses).error();
    }
    std::vector<spool::CopyOutcome> ended;
    for (const auto& status : *statuses) {
      spool::CopyOutcome copy = outcome;
      copy.recipient = status.recipient;
      const bool deferred = status.outcome == delivery::Delivery::deferred;
      handed_over_ = handed_over_ || status.tried;
      if (deferred && !(expired() && status.tried)) {
        defer(status.recipient, status.reply);
        continue;
      }
      if (status.outcome != delivery::Delivery::delivered) copy.outcome = "failed";
      if (deferred) note_expiry(status.recipient, status.reply);
      if (copy.detail.empty() || copy.outcome == "failed")
        copy.detail = (deferred ? expired_words() : std::string()) + status.reply;
      ended.push_back(std::move(copy));
    }
    return record(ended);
  }

  // The last try found no transport: that was everybody's.
  Result<void> give_up(const std::vector<std::string>& recipients) {
    std::vector<spool::CopyOutcome> failed;
    for (const auto& recipient : recipients) {
      note_expiry(recipient, lost_);
      failed.push_back({.recipient = recipient,
                        .outcome = "failed",
                        .certificate = {},
                        .cipher = {},
                        .detail = lost_});
    }
    return record(failed);
  }

  // RFC 5321 §4.5.4.1: a recipient who is put off for so long has an ending too.
  [[nodiscard]] bool expired() const {
    const std::chrono::hours lifetime(24 * ports_.site.number("packet_lifetime"));
    // Not from its receipt: it may have been held, or waited for a key.
    return ports_.clock.now() - std::max(header_.received, since_) > lifetime;
  }
  void note_expiry(const std::string& recipient, const std::string& why) {
    ++expired_copies_;
    expired_why_ = recipient + ": " + why;
  }
  [[nodiscard]] std::string expired_words() const { return expired() ? "expired: " : ""; }

  void defer(const std::string& member, const std::string& why) {
    deferred_ = true;
    deferred_why_ = member + ": " + why;
  }

  // Those of one transaction at once: a kill repeats all of it or nothing.
  Result<void> record(const std::vector<spool::CopyOutcome>& copies) {
    if (auto recorded = claim_.record_all(copies); !recorded) return recorded;
    for (const auto& copy : copies)
      ports_.log.write(
          copy.outcome == "failed" ? sys::Level::warning : sys::Level::info, copy.outcome,
          {{"id", claim_.id().str()}, {"to", copy.recipient}, {"detail", copy.detail}});
    return {};
  }

  Error stop() {
    stopped_ = true;
    return Error::later(Errc::busy, "stopping between two recipients");
  }

  spool::PacketClaim& claim_;
  const spool::SpoolHeader& header_;
  TimePoint since_;
  spool::BulkSpool& bulk_;
  delivery::Courier& courier_;
  const Ports& ports_;
  store::SealTerms terms_;
  CipherWishes wishes_;
  std::map<cms::ContentCipher, smime::SealedPost> posts_;
  const RecipientWatch& watch_;
  std::string author_;
  std::optional<cms::Signer> outer_signer_;  ///< of `list_sign outer`; gone with the packet
  std::string lost_;  ///< why the transport of an expired packet was not there
  bool deferred_ = false;
  bool transport_down_ = false;
  bool handed_over_ = false;  ///< the transport answered in this claim
  bool stopped_ = false;
  std::string deferred_why_;
  std::size_t expired_copies_ = 0;
  std::string expired_why_;
};

Sent keep_waiting(const spool::PacketClaim& claim, const Error& why, spool::BulkSpool& bulk,
                  const Ports& ports) {
  ports.log.write(sys::Level::error, "waits",
                  {{"packet", claim.name()}, {"reason", why.what()}, {"try", why.hint()}});
  bulk.note_waiting(claim, why.advice());
  return Sent::waits;
}

// A note would be a trouble that `status` tells of; and what was noted before the transport answered is none any more.
Sent stop_between(const spool::PacketClaim& claim, const Shipment& shipment, spool::BulkSpool& bulk,
                  const Ports& ports) {
  ports.log.write(sys::Level::info, "stopped",
                  {{"packet", claim.name()}, {"done", std::to_string(claim.done().size())}});
  if (shipment.handed_over()) bulk.clear_note(claim);
  return Sent::waits;
}

Result<void> tell_expiry(const spool::PacketClaim& claim, const Shipment& shipment,
                         spool::BulkSpool& bulk, const Ports& ports) {
  const auto expiry = shipment.expiry();
  if (expiry.empty()) return {};
  return raise_alarm(claim.id(), "expired", "packet " + claim.name(), expiry, bulk, ports);
}

Sent conclude(spool::PacketClaim& claim, const Shipment& shipment, spool::BulkSpool& bulk,
              const Ports& ports) {
  if (auto written = shipment.write_ledger(); !written)
    return keep_waiting(claim, written.error(), bulk, ports);
  const std::string name = claim.name();
  const bool again = shipment.deferred_some();
  bool last = false;
  const auto ended = [&]() -> Result<void> {
    if (again)
      return bulk.postpone(std::move(claim), ports.clock.now() + kRetryDeferred,
                           shipment.deferred_why());
    auto finished = bulk.finish(std::move(claim));
    if (!finished) return std::move(finished).error();
    last = *finished;
    return {};
  }();
  if (!ended) {
    ports.log.write(sys::Level::error, "waits",
                    {{"packet", name}, {"reason", ended.error().what()}});
    return Sent::waits;
  }
  if (last && shipment.is_sealed_post())
    if (auto told = send_summary(shipment.header(), bulk, ports); !told)  // the copies are out
      ports.log.write(sys::Level::warning, "summary-not-sent",
                      {{"packet", name}, {"reason", told.error().what()}});
  return again ? Sent::postponed : Sent::done;
}

Sent give_up_packet(spool::PacketClaim claim, const Error& why, spool::BulkSpool& bulk,
                    const Ports& ports) {
  const std::string name = claim.name();
  ports.log.write(sys::Level::alert, "quarantined", {{"packet", name}, {"reason", why.what()}});
  if (auto told = raise_alarm(claim.id(), "quarantined", "packet " + name, why.what(), bulk, ports);
      !told)
    ports.log.write(sys::Level::error, "alarm-failed", {{"reason", told.error().what()}});
  return bulk.quarantine(std::move(claim), why.what()) ? Sent::done : Sent::waits;
}

}  // namespace

Sent send(spool::PacketClaim claim, spool::BulkSpool& bulk, delivery::Courier& courier,
          const Ports& ports, const RecipientWatch& watch) {
  try {
    auto spooled = bulk.message(claim.id());
    if (!spooled) {
      if (spooled.error().retry() == Retry::never)
        return give_up_packet(std::move(claim), spooled.error(), bulk, ports);
      return keep_waiting(claim, spooled.error(), bulk, ports);
    }
    Shipment shipment(claim, *spooled, bulk, courier, ports, watch);
    auto run = shipment.run(std::move(spooled->message));
    // However the packet goes on: their outcomes are in the journal, so no later claim speaks of them.
    if (auto told = tell_expiry(claim, shipment, bulk, ports); !told)
      return keep_waiting(claim, told.error(), bulk, ports);
    if (run) return conclude(claim, shipment, bulk, ports);
    if (shipment.stopped()) return stop_between(claim, shipment, bulk, ports);
    if (run.error().retry() == Retry::never)
      return give_up_packet(std::move(claim), run.error(), bulk, ports);
    const Sent waits = keep_waiting(claim, run.error(), bulk, ports);
    return shipment.transport_down() ? Sent::transport_down : waits;
  } catch (const std::exception& bug) {
    return give_up_packet(std::move(claim),
                          Error::never(Errc::corrupt, std::string("internal error: ") + bug.what()),
                          bulk, ports);
  }
}

Sent condemn(spool::PacketClaim claim, const std::string& reason, spool::BulkSpool& bulk,
             const Ports& ports) {
  return give_up_packet(std::move(claim), Error::never(Errc::corrupt, reason), bulk, ports);
}

}  // namespace paraph::pipeline
