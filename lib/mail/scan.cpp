#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/ascii.h"
#include "mail/content_field.h"
#include "mail/entity.h"

namespace paraph::mail {
namespace {

constexpr auto npos = std::string_view::npos;

constexpr std::size_t kLineLimit = 998;  // RFC 5322 §2.1.1
constexpr std::size_t kNone = Entity::kNone;

struct Line {
  std::size_t start = 0;
  std::size_t content_end = 0;  // without the line end: LF or CRLF, never a bare CR
  std::size_t end = 0;
};

std::string_view without_trailing_wsp(std::string_view text) {
  while (!text.empty() && ascii::is_wsp(text.back())) text.remove_suffix(1);
  return text;
}

// Walks line by line. Open entities stand on a stack, the innermost on top; a multipart stays there
// through its epilogue, a message/rfc822 as long as its child.
class Scanner {
 public:
  Scanner(std::string_view octets, const ScanLimits& limits) : octets_(octets), limits_(limits) {}
  std::vector<Entity> run();

 private:
  struct Frame {
    std::size_t entity;
    std::size_t last_child = kNone;
    std::string boundary;  // empty: no multipart
    bool seen = false;
    bool closed = false;
  };

  Line line_at(std::size_t start) const;
  void note_oddities(const Line& line);
  void take(const Line& line);

  // header section
  bool header_line(const Line& line);
  void field_line(const Line& line, std::size_t colon);
  void end_header(std::size_t header_end, std::size_t body_start, bool may_descend);
  void read_content_fields(Entity& entity) const;

  // tree
  void open(std::size_t start);
  void descend();
  void descend_multipart(const Entity& entity);
  bool delimiter(const Line& line);
  std::size_t frame_of(std::string_view boundary) const;
  void close_above(std::size_t frame, std::size_t end);
  void close_top(std::size_t end);
  void forget_boundary(const Frame& frame);

  Entity& top() { return entities_[stack_.back().entity]; }
  std::string_view between(std::size_t start, std::size_t end) const {
    return octets_.substr(start, end - start);
  }

  std::string_view octets_;
  ScanLimits limits_;
  std::vector<Entity> entities_;
  std::vector<Frame> stack_;
  // Frames that wait for each boundary, the innermost last: one look-up a line, however deep.
  std::unordered_map<std::string, std::vector<std::size_t>> boundaries_;
  bool in_header_ = false;
  std::size_t all_fields_ = 0;
  std::size_t previous_end_ = 0;  // of the line before, without its line end
  std::size_t next_nul_ = 0;
  std::size_t next_cr_ = 0;
  bool saw_lf_ = false;
  bool saw_crlf_ = false;
};

std::vector<Entity> Scanner::run() {
  next_nul_ = octets_.find('\0');
  next_cr_ = octets_.find('\r');
  std::size_t at = 0;
  // The separator line of an mbox file is no field; what comes after it is the message.
  // ("From : x" is a field, in the obsolete syntax of RFC 5322 §4.5.2.)
  if (octets_.substr(0, 5) == "From " && ascii::trim(octets_.substr(4, 64)).substr(0, 1) != ":")
    at = line_at(0).end;
  open(at);
  entities_.front().whole.offset = 0;
  while (at < octets_.size()) {
    const Line line = line_at(at);
    note_oddities(line);
    take(line);
    previous_end_ = line.content_end;
    at = line.end;
  }
  while (!stack_.empty()) close_top(octets_.size());
  if (saw_lf_ && saw_crlf_) entities_.front().defects |= Defect::mixed_line_ends;
  return std::move(entities_);
}

Line Scanner::line_at(std::size_t start) const {
  const auto lf = octets_.find('\n', start);
  if (lf == npos) return {start, octets_.size(), octets_.size()};
  const bool crlf = lf > start && octets_[lf - 1] == '\r';
  return {start, crlf ? lf - 1 : lf, lf + 1};
}

void Scanner::note_oddities(const Line& line) {
  const std::size_t eol = line.end - line.content_end;
  saw_lf_ |= eol == 1;
  saw_crlf_ |= eol == 2;
  if (line.content_end - line.start > kLineLimit) top().defects |= Defect::long_line;
  if (next_nul_ < line.end) {
    top().defects |= Defect::nul_octet;
    next_nul_ = octets_.find('\0', line.end);
  }
  if (next_cr_ < line.end) {
    if (next_cr_ != line.content_end || eol != 2) top().defects |= Defect::bare_cr;
    next_cr_ = octets_.find('\r', line.end);
  }
}

void Scanner::take(const Line& line) {
  // A line that is no field ends its header section and is looked at again as the first of the
  // body, where it may be a delimiter or belong to the header of an enclosed message.
  while (!delimiter(line) && in_header_ && !header_line(line)) {
  }
}

// RFC 5322 §2.2 and §4.5.8 (white space before the colon). False: the line is no part of a header.
bool Scanner::header_line(const Line& line) {
  Entity& entity = top();
  if (line.content_end == line.start) {
    end_header(line.start, line.end, true);
    return true;
  }
  const auto text = between(line.start, line.content_end);
  const bool folded = ascii::is_wsp(text.front()) && !entity.fields.empty();
  const auto colon = folded ? 0 : text.find(':');
  const auto is_ftext = [](char c) { return c > 0x20 && c < 0x7f && c != ':'; };
  const auto name =
      folded || colon == npos ? std::string_view{} : without_trailing_wsp(text.substr(0, colon));
  if (!folded && (name.empty() || !std::all_of(name.begin(), name.end(), is_ftext))) {
    entity.defects |= Defect::field_without_colon;
    end_header(line.start, line.start, true);
    return false;
  }
  if (line.end - entity.header.offset > limits_.header_octets ||
      (!folded && (entity.fields.size() >= limits_.fields || all_fields_ >= limits_.all_fields))) {
    entity.defects |= Defect::limit_header;
    const std::size_t body = folded ? entity.fields.back().whole.offset : line.start;
    if (folded) entity.fields.pop_back();
    end_header(body, body, false);
    return true;
  }
  field_line(line, folded ? kNone : line.start + colon);
  return true;
}

// The first line of a field, or (no colon) one more line of the last field.
void Scanner::field_line(const Line& line, std::size_t colon) {
  Entity& entity = top();
  if (colon != kNone) {
    const auto name = without_trailing_wsp(between(line.start, colon));
    ++all_fields_;
    entity.fields.push_back({{line.start, name.size()}, {colon + 1, 0}, {line.start, 0}});
  }
  HeaderField& field = entity.fields.back();
  field.body.length = line.content_end - field.body.offset;
  field.whole.length = line.end - field.whole.offset;
  const auto text = between(line.start, line.content_end);
  const auto is_8bit = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  if (std::any_of(text.begin(), text.end(), is_8bit)) entity.defects |= Defect::eight_bit_header;
}

void Scanner::end_header(std::size_t header_end, std::size_t body_start, bool may_descend) {
  in_header_ = false;
  Entity& entity = top();
  entity.header.length = std::max(header_end, entity.header.offset) - entity.header.offset;
  entity.body = {body_start, 0};
  read_content_fields(entity);
  if (may_descend) descend();
}

void Scanner::read_content_fields(Entity& entity) const {
  // RFC 2046 §5.1.5
  const bool in_digest =
      entity.parent != kNone && entities_[entity.parent].content_type.is("multipart", "digest");
  if (in_digest) entity.content_type = {"message", "rfc822", {}};
  bool has_encoding = false;
  for (const auto& field : entity.fields) {
    const auto name = octets_.substr(field.name.offset, field.name.length);
    const auto body = octets_.substr(field.body.offset, field.body.length);
    const bool is_type = ascii::iequals(name, "Content-Type");
    if (!is_type && !ascii::iequals(name, "Content-Transfer-Encoding")) continue;
    bool& seen = is_type ? entity.has_content_type : has_encoding;
    if (std::exchange(seen, true)) {
      entity.defects |= Defect::duplicate_content_field;
    } else if (!is_type) {
      entity.transfer_encoding = parse_transfer_encoding(body);
    } else {
      const auto parsed = detail::read_content_type(body);
      entity.content_type = parsed ? parsed->type : ContentType{};
      if (!parsed || parsed->doubtful) entity.defects |= Defect::bad_content_type;
    }
  }
}

void Scanner::open(std::size_t start) {
  Entity entity;
  entity.whole = entity.header = entity.body = {start, 0};
  const std::size_t index = entities_.size();
  if (!stack_.empty()) {
    Frame& above = stack_.back();
    entity.parent = above.entity;
    entity.depth = entities_[above.entity].depth + 1;
    (above.last_child == kNone ? top().first_child : entities_[above.last_child].next) = index;
    above.last_child = index;
  }
  entities_.push_back(std::move(entity));
  stack_.push_back({index, kNone, {}, false, false});
  in_header_ = true;
}

// The header of the top entity is complete: does anything stand inside its body?
void Scanner::descend() {
  Entity& entity = top();
  const bool encoded = entity.transfer_encoding == TransferEncoding::base64 ||
                       entity.transfer_encoding == TransferEncoding::quoted_printable;
  const bool multipart = entity.content_type.type == "multipart";
  const bool message =
      entity.content_type.is("message", "rfc822") || entity.content_type.is("message", "global");
  if (multipart && encoded) entity.defects |= Defect::encoded_multipart;
  if (!multipart && (!message || encoded)) return;
  if (entity.depth >= limits_.depth) {
    entity.defects |= Defect::limit_depth;
  } else if (multipart) {
    descend_multipart(entity);
  } else if (entities_.size() >= limits_.parts) {
    entity.defects |= Defect::limit_parts;
  } else {
    open(entity.body.offset);
  }
}

void Scanner::descend_multipart(const Entity& entity) {
  // RFC 2046 §5.1.1: a boundary does not end in white space.
  const std::string written = entity.content_type.parameter("boundary").value_or("");
  std::string boundary(without_trailing_wsp(written));
  if (boundary.empty()) {
    top().defects |= Defect::boundary_missing;
    return;
  }
  boundaries_[boundary].push_back(stack_.size() - 1);
  stack_.back().boundary = std::move(boundary);
}

std::size_t Scanner::frame_of(std::string_view boundary) const {
  const auto found = boundaries_.find(std::string(boundary));
  return found == boundaries_.end() ? kNone : found->second.back();
}

// RFC 2046 §5.1.1: "--" boundary, or "--" boundary "--", then only white space.
bool Scanner::delimiter(const Line& line) {
  if (boundaries_.empty() || octets_.substr(line.start, 2) != "--") return false;
  const auto key = without_trailing_wsp(between(line.start + 2, line.content_end));
  std::size_t index = frame_of(key);
  bool closes = false;
  if (key.size() > 2 && key.substr(key.size() - 2) == "--") {
    const auto closing = frame_of(key.substr(0, key.size() - 2));
    closes = closing != kNone && (index == kNone || closing > index);
    if (closes) index = closing;
  }
  if (index == kNone) return false;

  // The line end before a delimiter belongs to it. A part that has not even a line ends where it
  // began.
  std::size_t end = previous_end_;
  if (index + 1 < stack_.size())
    end = std::max(end, entities_[stack_[index + 1].entity].whole.offset);
  close_above(index, end);
  Frame& frame = stack_.back();
  frame.seen = true;
  if (closes) {
    frame.closed = true;
    forget_boundary(frame);
  } else if (entities_.size() >= limits_.parts) {
    top().defects |= Defect::limit_parts;
  } else if (line.end < octets_.size()) {  // a delimiter that ends the message opens nothing
    open(line.end);
  }
  return true;
}

void Scanner::forget_boundary(const Frame& frame) {
  const auto found = boundaries_.find(frame.boundary);
  found->second.pop_back();
  if (found->second.empty()) boundaries_.erase(found);
}

void Scanner::close_above(std::size_t frame, std::size_t end) {
  while (stack_.size() > frame + 1) close_top(end);
}

void Scanner::close_top(std::size_t end) {
  Entity& entity = top();
  if (in_header_) end_header(end, end, false);
  const auto cut = [end](ByteRange& range, std::size_t stop) {
    range.offset = std::min(range.offset, end);
    range.length = std::max(range.offset, std::min(stop, end)) - range.offset;
  };
  cut(entity.whole, end);
  cut(entity.body, end);
  cut(entity.header, entity.header.end());
  for (auto i = entity.fields.size(); i-- > 0 && entity.fields[i].whole.end() > end;) {
    HeaderField& field = entity.fields[i];
    cut(field.whole, end);
    cut(field.name, field.name.end());
    cut(field.body, field.body.end());
  }
  const Frame& frame = stack_.back();
  if (!frame.boundary.empty() && !frame.closed) {
    entity.defects |= frame.seen ? Defect::boundary_unclosed : Defect::boundary_never_seen;
    forget_boundary(frame);
  }
  stack_.pop_back();
}

}  // namespace

MimeTree scan(RawMessage message, const ScanLimits& limits) {
  MimeTree tree;
  tree.entities_ = Scanner(message.octets(), limits).run();
  for (const auto& entity : tree.entities_) tree.defects_ |= entity.defects;
  tree.message_ = std::move(message);
  return tree;
}

}  // namespace paraph::mail
