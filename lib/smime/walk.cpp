#include "smime/walk.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "cms/content_info.h"
#include "smime/layers.h"

namespace paraph::smime {
namespace {

std::ptrdiff_t count_mismatches(const cms::SignedReport& report) {
  return std::count_if(report.signers.begin(), report.signers.end(), [](const cms::SignerInfo& s) {
    return s.crypto == cms::SignerCrypto::digest_mismatch;
  });
}

/// Every step looks at the root reached so far and at nothing else, records a layer and goes one
/// further in, or ends.
class Walk {
 public:
  Walk(const mail::MimeTree& message, const OpenContext& context)
      : context_(context), budget_(context.max_octets) {
    trail_.tree = &message;
    trail_.sender = sender_of(message, message.root());
    note_ambiguity(message.root());
    // Fields beyond the place where our header section ends may be read by others.
    trail_.ambiguous = trail_.ambiguous ||
                       mail::has(message.root().defects, mail::Defect::field_without_colon) ||
                       mail::has(message.root().defects, mail::Defect::limit_header);
  }

  Trail run() && {
    while (step()) {
    }
    return std::move(trail_);
  }

 private:
  bool step();
  bool open_detached();
  bool open_cms();
  bool open_opaque(std::string_view octets);
  bool open_enveloped(std::string_view octets, LayerType type);
  void fetch_keys(std::string_view octets);
  bool open_compressed(std::string_view octets);
  bool unreadable(Reason reason);

  Layer& record(LayerType type, std::vector<Reason> reasons = {});
  void record_signed(LayerType type, Judged judged);
  bool enter(mail::MimeTree level);
  bool fault(Reason reason);
  void note_ambiguity(const mail::Entity& entity);
  void note_frame(mail::ByteRange frame);

  Protection& protection() { return trail_.opened.protection; }
  const mail::MimeTree& tree() const { return *trail_.tree; }
  const mail::Entity& root() const { return trail_.root_entity(); }

  const OpenContext& context_;
  std::optional<cms::DecryptKeys> fetched_;  ///< and the ones at hand
  std::size_t budget_;                       ///< octets that opening may still yield
  Trail trail_;
  bool unsafe_frame_ = false;  ///< bare CR or NUL around a layer, outside of any encryption
};

bool Walk::step() {
  const Container kind = container(tree(), trail_.root);
  if (kind == Container::none) {
    return false;
  }
  if (trail_.findings.size() >= context_.max_layers) {
    return unreadable(Reason::limit_exceeded);
  }
  switch (kind) {
    case Container::detached:
      trail_.ambiguous = trail_.ambiguous || !is_unambiguous(tree(), trail_.root);
      note_frame(root().whole);
      return open_detached();
    case Container::cms:
      note_frame(root().header);
      return open_cms();
    default:
      break;
  }
  record_signed(LayerType::multipart_signed,
                {{.status = SignatureStatus::malformed, .signers = {}, .certificates = {}},
                 {Reason::malformed}});
  return false;
}

Layer& Walk::record(LayerType type, std::vector<Reason> reasons) {
  Layer layer;
  layer.type = type;
  protection().layers.push_back(std::move(layer));
  trail_.findings.push_back(std::move(reasons));
  return protection().layers.back();
}

void Walk::record_signed(LayerType type, Judged judged) {
  // Only roots are walked, so a signature that is met covers the whole of its level.
  judged.signature.covers_whole_message = judged.signature.status != SignatureStatus::none;
  judged.signature.inside_encryption = protection().encrypted;
  if (unsafe_frame_) {
    add(judged.reasons, Reason::unsafe_octets);
    judged.signature.status = worse(judged.signature.status, row(Reason::unsafe_octets).status);
  }
  Layer& layer = record(type, std::move(judged.reasons));
  layer.opened = true;
  layer.signature = std::move(judged.signature);
}

void Walk::note_ambiguity(const mail::Entity& entity) {
  // Two Content-Type fields: readers differ in which one they take (attack A27).
  trail_.ambiguous =
      trail_.ambiguous || mail::has(entity.defects, mail::Defect::duplicate_content_field);
}

/// What stands around the signed octets can hide text from some readers, too. Inside an encryption it travelled as base64,
/// so there it is no matter of transport but of two readings.
void Walk::note_frame(mail::ByteRange frame) {
  const bool unsafe = has_bare_cr_or_nul(tree().message().at(frame));
  unsafe_frame_ = unsafe_frame_ || (unsafe && !protection().encrypted);
  trail_.ambiguous = trail_.ambiguous || (unsafe && protection().encrypted);
}

bool Walk::enter(mail::MimeTree level) {
  trail_.inner = std::make_unique<mail::MimeTree>(std::move(level));
  trail_.tree = trail_.inner.get();
  trail_.root = 0;
  note_ambiguity(root());
  trail_.ambiguous = trail_.ambiguous || has_bare_cr_or_nul(tree().message().at(root().header));
  return true;
}

bool Walk::fault(Reason reason) {
  add(trail_.faults, reason);
  trail_.closed = true;
  return false;
}

/// A root that claims to be S/MIME and gives no CMS object we could name.
bool Walk::unreadable(Reason reason) {
  if (const auto label = encrypted_label(root())) {
    record(*label);
    protection().encrypted = true;
    protection().fully_opened = false;
  }
  return fault(reason);
}

/// RFC 8551 §3.5.3: the signature covers the first part, header and all, in canonical form.
bool Walk::open_detached() {
  const std::vector<std::size_t> parts = tree().children(trail_.root);
  const std::string_view raw = tree().message().at(tree().entities()[parts[0]].whole);
  const auto octets = body_octets(tree(), parts[1]);
  cms::SignedReport report;
  report.malformed = true;
  if (octets && cms::prescan(*octets).kind == cms::ContentKind::signed_data) {
    const std::string canonical = mail::canonical_crlf(raw);
    report = cms::verify_signed(*octets, canonical, context_.stored);
    // Some programs sign what they send, bare line feeds and all. One of several signers may have signed each.
    if (const auto mismatches = count_mismatches(report); mismatches != 0 && raw != canonical) {
      auto as_it_came = cms::verify_signed(*octets, raw, context_.stored);
      if (count_mismatches(as_it_came) < mismatches) report = std::move(as_it_came);
    }
  }
  report.malformed = report.malformed || !report.content_is_data;  // RFC 8551 §2.4.1
  Judged judged = judge(report, trail_.sender, context_);
  const auto against = [&](Reason reason) {
    add(judged.reasons, reason);
    judged.signature.status = worse(judged.signature.status, row(reason).status);
  };
  if (report.has_content) {
    against(Reason::embedded_content_in_detached);
  }
  // Security rule 43; inside an encryption the octets travel as base64.
  if (!protection().encrypted && has_unsafe_octets(raw)) {
    against(Reason::unsafe_octets);
  }
  record_signed(LayerType::multipart_signed, std::move(judged));
  trail_.root = parts[0];
  note_ambiguity(root());
  return true;
}

bool Walk::open_cms() {
  const auto octets = body_octets(tree(), trail_.root);
  if (!octets) {
    return unreadable(Reason::malformed);
  }
  if (octets->size() > context_.max_octets) {
    return unreadable(Reason::limit_exceeded);
  }
  cms::CmsLimits limits;
  limits.octets = context_.max_octets;
  using enum cms::ContentKind;
  switch (cms::prescan(*octets, limits).kind) {
    case signed_data:
      return open_opaque(*octets);
    case enveloped_data:
      return open_enveloped(*octets, LayerType::enveloped_data);
    case auth_enveloped_data:
      return open_enveloped(*octets, LayerType::auth_enveloped_data);
    case compressed_data:
      return open_compressed(*octets);
    case other:
      return unreadable(Reason::unsupported_algorithm);
    case malformed:
      break;
  }
  return unreadable(Reason::malformed);
}

bool Walk::open_opaque(std::string_view octets) {
  cms::SignedReport report = cms::verify_signed(octets, std::nullopt, context_.stored);
  // A detached signature alone signs nothing here; RFC 8551 §2.4.1: the content must be id-data.
  report.malformed = report.malformed ||
                     (!report.signers.empty() && (!report.has_content || !report.content_is_data));
  const bool readable = report.has_content && report.content_is_data;
  record_signed(LayerType::signed_data, judge(report, trail_.sender, context_));
  return readable && enter(mail::scan(mail::RawMessage(std::move(report.content))));
}

void Walk::fetch_keys(std::string_view octets) {
  if (fetched_ || !context_.fetch_keys ||
      !cms::names_recipient(octets, context_.own_certificates)) {
    return;
  }
  fetched_ = context_.fetch_keys();
  const cms::DecryptKeys& more = context_.keys;
  fetched_->ours.insert(fetched_->ours.end(), more.ours.begin(), more.ours.end());
  fetched_->locked.insert(fetched_->locked.end(), more.locked.begin(), more.locked.end());
}

bool Walk::open_enveloped(std::string_view octets, LayerType type) {
  fetch_keys(octets);
  const cms::Decrypted decrypted =
      cms::decrypt_enveloped(octets, fetched_ ? *fetched_ : context_.keys);
  const cms::EnvelopedReport& report = decrypted.report;
  protection().encrypted = true;
  protection().fully_opened = false;
  Layer& layer = record(type);
  layer.cipher = report.cipher;
  layer.wrapped = report.wrapped;
  if (decrypted.locked_matched) {
    protection().must_wait = true;
    return fault(Reason::key_unavailable);
  }
  if (report.status == cms::OpenStatus::malformed) {
    return fault(Reason::malformed);
  }
  if (report.status == cms::OpenStatus::not_for_us ||
      (report.status == cms::OpenStatus::unsupported && !report.matched)) {
    return fault(Reason::not_for_us);
  }
  if (report.status != cms::OpenStatus::opened || !report.content) {
    return fault(Reason::decryption_failed);
  }
  if (report.content->size() > budget_) {
    return fault(Reason::limit_exceeded);
  }
  budget_ -= report.content->size();
  const mail::RawMessage content(report.content->reveal());
  mail::MimeTree level = mail::scan(content);
  // Security rule 13: what is no MIME entity counts as failed, a bare text like the octets of a
  // wrong key; only the latter were never opened.
  const bool entity = is_mime_entity(level);
  layer.opened = entity || is_text(content.octets());
  layer.opened_with = layer.opened ? report.opened_with : std::nullopt;
  if (!entity) {
    return fault(Reason::decryption_failed);
  }
  protection().fully_opened = true;
  trail_.opened.payload.emplace(content);
  return enter(std::move(level));
}

bool Walk::open_compressed(std::string_view octets) {
  auto content = cms::decompress(octets, budget_);
  Layer& layer = record(LayerType::compressed_data);
  if (!content) {
    return fault(Reason::malformed);
  }
  layer.opened = true;
  budget_ -= content->size();
  return enter(mail::scan(mail::RawMessage(std::move(*content))));
}

}  // namespace

Trail walk(const mail::MimeTree& message, const OpenContext& context) {
  return Walk(message, context).run();
}

}  // namespace paraph::smime
