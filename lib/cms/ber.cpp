#include "cms/ber.h"

#include <fmt/core.h>

#include <limits>

namespace paraph::cms::ber {
namespace {

constexpr std::size_t kMaxPieceDepth = 8;  // of constructed OCTET STRINGs in one another

std::uint8_t octet(std::string_view octets, std::size_t at) {
  return static_cast<std::uint8_t>(octets[at]);
}

/// X.690 §8.1.2.4: the high-tag-number form, at most two octets (tags below 16384).
bool read_high_tag(std::string_view octets, Head& head) {
  std::uint32_t tag = 0;
  for (std::size_t count = 0; count < 2; ++count) {
    if (head.size >= octets.size()) {
      return false;
    }
    const std::uint8_t value = octet(octets, head.size++);
    tag = (tag << 7U) | (value & 0x7fU);
    if ((value & 0x80U) == 0) {
      head.tag = tag;
      return true;
    }
  }
  return false;
}

/// X.690 §8.1.3.
bool read_length(std::string_view octets, Head& head) {
  if (head.size >= octets.size()) {
    return false;
  }
  const std::uint8_t first = octet(octets, head.size++);
  if (first == 0x80U) {
    return head.constructed;  // indefinite: constructed encodings only (§8.1.3.2)
  }
  std::size_t length = first;
  if ((first & 0x80U) != 0) {
    const std::size_t count = first & 0x7fU;
    if (count > octets.size() - head.size) {
      return false;
    }
    length = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (length > (std::numeric_limits<std::uint32_t>::max() >> 8U)) {
        return false;  // 4 GiB: more than any limit lets through
      }
      length = (length << 8U) | octet(octets, head.size++);
    }
  }
  head.length = length;
  return length <= octets.size() - head.size;
}

/// Octets of the contents of an indefinite element without its end-of-contents, or nullopt. Counts
/// open elements instead of recursing; what has a definite length is stepped over.
std::optional<std::size_t> indefinite_length(std::string_view octets) {
  std::size_t at = 0;
  for (std::size_t open = 1;;) {
    const std::optional<Head> head = read_head(octets.substr(at));
    if (!head) {
      return std::nullopt;
    }
    if (head->is(kEndOfContents)) {
      if (head->constructed || head->length.value_or(1) != 0) {
        return std::nullopt;
      }
      if (--open == 0) {
        return at;
      }
    }
    open += head->length ? 0 : 1;
    at += head->size + head->length.value_or(0);
  }
}

bool join(std::string_view pieces, std::size_t depth, std::string& out) {
  Reader reader(pieces);
  while (const std::optional<Element> piece = reader.next()) {
    if (!piece->is(kOctetString) || depth == 0) {
      return false;
    }
    if (!piece->head.constructed) {
      out += piece->content;
    } else if (!join(piece->content, depth - 1, out)) {
      return false;
    }
  }
  return reader.at_end();
}

}  // namespace

std::optional<Head> read_head(std::string_view octets) {
  if (octets.empty()) {
    return std::nullopt;
  }
  Head head;
  const std::uint8_t first = octet(octets, 0);
  head.tag_class = static_cast<TagClass>(first >> 6U);
  head.constructed = (first & 0x20U) != 0;
  head.tag = first & 0x1fU;
  head.size = 1;
  if (head.tag == 0x1fU && !read_high_tag(octets, head)) {
    return std::nullopt;
  }
  return read_length(octets, head) ? std::optional(head) : std::nullopt;
}

std::optional<Element> Reader::peek() const {
  const std::optional<Head> head = read_head(rest_);
  if (!head) {
    return std::nullopt;
  }
  Element element{*head, {}, {}};
  const std::string_view after = rest_.substr(head->size);
  if (head->length) {
    element.content = after.substr(0, *head->length);
    element.whole = rest_.substr(0, head->size + *head->length);
    return element;
  }
  const std::optional<std::size_t> length = indefinite_length(after);
  if (!length) {
    return std::nullopt;
  }
  element.content = after.substr(0, *length);
  element.whole = rest_.substr(0, head->size + *length + 2);
  return element;
}

std::optional<Element> Reader::next() {
  const std::optional<Element> element = peek();
  if (element) {
    rest_.remove_prefix(element->whole.size());
  }
  return element;
}

std::optional<Element> Reader::next_if(std::uint32_t universal_tag) {
  const std::optional<Head> head = read_head(rest_);
  if (!head || !head->is(universal_tag)) {
    return std::nullopt;
  }
  const bool must_nest = universal_tag == kSequence || universal_tag == kSet;
  return head->constructed || !must_nest ? next() : std::nullopt;
}

std::optional<Element> Reader::next_if_context(std::uint32_t number) {
  const std::optional<Head> head = read_head(rest_);
  return head && head->constructed && head->is_context(number) ? next() : std::nullopt;
}

std::optional<std::string_view> octet_string(const Element& element, std::string& scratch) {
  if (!element.head.constructed) {
    return element.content;
  }
  scratch.clear();
  scratch.reserve(element.content.size());
  if (!join(element.content, kMaxPieceDepth, scratch)) {
    return std::nullopt;
  }
  return scratch;
}

std::string oid_text(std::string_view content) {
  std::string text;
  std::uint64_t arc = 0;
  bool inside = false;
  for (const char c : content) {
    const auto value = static_cast<std::uint8_t>(c);
    if (arc > (std::numeric_limits<std::uint64_t>::max() >> 7U)) {
      return {};
    }
    arc = (arc << 7U) | (value & 0x7fU);
    inside = (value & 0x80U) != 0;
    if (inside) {
      continue;
    }
    if (text.empty()) {  // X.690 §8.19.4: the first two arcs share one number
      const std::uint64_t root = arc < 80 ? arc / 40 : 2;
      text = fmt::format("{}.{}", root, arc - root * 40);
    } else {
      text += fmt::format(".{}", arc);
    }
    arc = 0;
  }
  return inside ? std::string() : text;
}

}  // namespace paraph::cms::ber
