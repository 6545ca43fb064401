#include "smime/open.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "mail/text.h"
#include "smime/judge.h"
#include "smime/layers.h"
#include "smime/walk.h"

namespace paraph::smime {
namespace {

bool is_encrypted(LayerType type) {
  return type == LayerType::enveloped_data || type == LayerType::auth_enveloped_data;
}

bool is_signed(LayerType type) {
  return type == LayerType::multipart_signed || type == LayerType::signed_data;
}

/// From what the walk met to one judgement of the message.
class Verdict {
 public:
  Verdict(Trail trail, const OpenContext& context) : context_(context), trail_(std::move(trail)) {}

  Opened settle() &&;

 private:
  void settle_signature();
  void settle_outer_signatures();
  void settle_absence();
  void settle_identity();
  void settle_smime();
  void keep_innermost();
  void deny(Reason reason);
  std::size_t after_last_encryption() const;
  bool agrees(const mail::Entity& entity) const;
  const mail::Entity* protected_header() const;
  bool is_wrapper() const;
  bool is_piece() const;
  void note_recipients(const mail::Entity& header);

  Protection& protection() { return trail_.opened.protection; }
  const mail::MimeTree& tree() const { return *trail_.tree; }
  const mail::Entity& root() const { return trail_.root_entity(); }
  const std::optional<mail::AddrSpec>& sender() const { return trail_.sender.mailbox; }

  const OpenContext& context_;
  Trail trail_;
  bool signed_ = false;  ///< there is a signature of security rule 5
};

Opened Verdict::settle() && {
  Protection& p = protection();
  p.from = trail_.sender.written;
  p.judged_at = context_.at;
  settle_signature();
  for (const Reason reason : trail_.faults) {
    deny(reason);
  }
  settle_outer_signatures();
  if (signed_) {
    settle_identity();
  } else {
    settle_absence();
  }
  if (!sender()) {
    deny(trail_.sender.fault);
  }
  settle_smime();
  keep_innermost();
  return std::move(trail_.opened);
}

void Verdict::deny(Reason reason) {
  add(protection().reasons, reason);
  if (row(reason).status != SignatureStatus::valid) {  // which leaves the status as it is
    protection().signature.status = worse(protection().signature.status, row(reason).status);
  }
}

std::size_t Verdict::after_last_encryption() const {
  const auto& layers = trail_.opened.protection.layers;
  std::size_t inside = layers.size();
  while (inside > 0 && !is_encrypted(layers[inside - 1].type)) {
    --inside;
  }
  return inside;
}

void Verdict::settle_signature() {
  const auto& layers = protection().layers;
  for (std::size_t i = after_last_encryption(); i < layers.size(); ++i) {
    if (is_signed(layers[i].type)) {
      signed_ = true;
      protection().signature = layers[i].signature;
      protection().reasons = trail_.findings[i];
      return;
    }
  }
}

/// Security rule 5: signatures around ciphertext give no method. A broken one denies it, too (RFC
/// 2634 §4.2: processing stops there): whoever touched the outer layer may have put the inner one
/// there.
void Verdict::settle_outer_signatures() {
  const auto& layers = protection().layers;
  for (std::size_t i = 0; i < after_last_encryption(); ++i) {
    if (!is_signed(layers[i].type)) {
      continue;
    }
    add(protection().reasons, Reason::signs_ciphertext);
    for (const Reason reason : trail_.findings[i]) {
      if (row(reason).status == SignatureStatus::invalid) {
        add(protection().reasons, reason);
      }
    }
  }
}

void Verdict::settle_absence() {
  if (protection().reasons.empty()) {
    add(protection().reasons,
        signed_part_below(tree(), trail_.root) ? Reason::not_whole_message : Reason::not_signed);
  }
  // RFC 9788 without a signature proves nothing, but two senders are worth a word.
  const mail::Entity* header = protected_header();
  const bool opened = protection().encrypted && protection().fully_opened && !trail_.closed;
  if (opened && header != nullptr && !is_wrapper() && !tree().find(*header, "From").empty() &&
      !agrees(*header)) {
    deny(Reason::protected_sender_differs);
  }
}

/// Whether the header section of `entity` names the outer sender and nobody else.
bool Verdict::agrees(const mail::Entity& entity) const {
  const auto inner = sender_of(tree(), entity).mailbox;
  return inner && sender() && *inner == *sender();
}

bool Verdict::is_wrapper() const {
  const mail::ContentType& type = root().content_type;
  return type.is("message", "rfc822") || type.is("message", "global");
}

/// RFC 2046 §5.2.2, §5.2.3: a reader of message/partial or message/external-body shows a message that he puts together
/// himself, with a From and a body from elsewhere. Any other message/* that we do not look into may hold one, too.
bool Verdict::is_piece() const {
  return root().content_type.type == "message" && !is_wrapper();
}

/// The header section that travels inside: of a wrapped message (RFC 8551 §3.1), or the root's own, marked as RFC 9788
/// §2.1 or the drafts before it have it.
const mail::Entity* Verdict::protected_header() const {
  if (is_wrapper()) {
    const std::vector<std::size_t> wrapped = tree().children(trail_.root);
    return wrapped.empty() ? nullptr : &tree().entities()[wrapped.front()];
  }
  const mail::ContentType& type = root().content_type;
  return type.parameter("hp") || type.parameter("protected-headers") ? &root() : nullptr;
}

void Verdict::note_recipients(const mail::Entity& header) {
  for (const std::string_view name : {"To", "Cc"}) {
    for (const mail::HeaderField* field : tree().find(header, name)) {
      auto& named = protection().protected_recipients;
      if (!named) {
        named.emplace();
      }
      for (const auto& mailbox :
           mail::parse_address_list(tree().message().at(field->body)).mailboxes) {
        named->push_back(mailbox.address.canonical());
      }
    }
  }
}

/// What the signature covers may say itself who wrote it, and to whom.
void Verdict::settle_identity() {
  if (trail_.ambiguous) {
    deny(Reason::malformed);
  }
  if (!trail_.closed && is_piece()) {
    deny(Reason::not_whole_message);
  }
  if (!sender() || trail_.closed) {
    return;
  }
  const auto& own = context_.own_addresses;
  if (std::find(own.begin(), own.end(), sender()->canonical()) != own.end()) {
    deny(Reason::own_address);
  }
  const mail::Entity* header = protected_header();
  if (header != nullptr && has_two_readings(tree(), *header)) {
    deny(Reason::malformed);
  }
  if (is_wrapper()) {
    // RFC 8551 §3.1: with the same From, a wrapper that protects the header; else a forward
    // (security rule 48).
    if (header == nullptr || !agrees(*header)) {
      deny(Reason::forwarded_message);
      return;
    }
  } else if (header != nullptr && !tree().find(*header, "From").empty() && !agrees(*header)) {
    deny(Reason::signer_is_not_sender);
  }
  if (header != nullptr) {
    note_recipients(*header);
  }
}

void Verdict::settle_smime() {
  Protection& p = protection();
  p.smime = signed_ && p.signature.status == SignatureStatus::valid &&
            std::none_of(p.reasons.begin(), p.reasons.end(), [](Reason reason) {
              return row(reason).denies_smime && reason != Reason::signs_ciphertext;
            });
  const bool waits =
      std::find(p.reasons.begin(), p.reasons.end(), Reason::waits_for_crl) != p.reasons.end() &&
      std::none_of(p.reasons.begin(), p.reasons.end(), [](Reason reason) {
        return row(reason).denies_smime && reason != Reason::signs_ciphertext &&
               reason != Reason::waits_for_crl;
      });
  if (waits && signed_) {
    p.missing_crl = p.signature.signers.front().detail;
  }
  if (p.smime) {
    p.companion = companion_of(p.signature, *sender(), context_);
  }
}

void Verdict::keep_innermost() {
  if (!trail_.closed) {
    trail_.opened.innermost.emplace(
        trail_.root == 0 ? tree().message()
                         : mail::RawMessage(std::string(tree().message().at(root().whole))));
  }
}

}  // namespace

bool Protection::is_ours() const {
  return std::any_of(layers.begin(), layers.end(),
                     [](const Layer& layer) { return !layer.wrapped.empty(); });
}

bool Protection::ours_but_failed() const {
  return !fully_opened && !layers.empty() && !layers.back().wrapped.empty();
}

void Protection::deny_smime(Reason reason) {
  add(reasons, reason);
  smime = false;
}

Opened open(const mail::MimeTree& message, const OpenContext& context) {
  return Verdict(walk(message, context), context).settle();
}

bool with_typed_text(const Opened& opened, const std::function<void(std::string_view)>& read) {
  if (!opened.innermost) return false;
  const auto text = mail::typed_text(mail::scan(opened.innermost->reveal()));
  if (text) read(*text);
  return text.has_value();
}

std::optional<Learnable> learnable(const Protection& protection) {
  if (!protection.smime) {
    return std::nullopt;
  }
  const auto sender = mail::AddrSpec::parse(protection.from.front());
  const Signer& signer = protection.signature.signers.front();
  // Security rule 20: a signing time from the future would freeze what is stored.
  constexpr auto kSkew = std::chrono::minutes(5);
  if (!sender || !signer.certificate ||
      (signer.signing_time && *signer.signing_time > protection.judged_at + kSkew)) {
    return std::nullopt;
  }
  return Learnable{sender->canonical(), *signer.certificate, protection.companion};
}

}  // namespace paraph::smime
