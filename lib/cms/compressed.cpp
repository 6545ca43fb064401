#include <zlib.h>

#include <algorithm>
#include <limits>

#include "cms/content_info.h"
#include "cms/oids.h"
#include "cms/parts.h"

namespace paraph::cms {
namespace {

constexpr std::size_t kMaxExpansion = 10;
constexpr std::size_t kMaxInflated = std::size_t{64} << 20U;
constexpr std::size_t kStep = std::size_t{64} << 10U;

/// RFC 1950, one stream that ends with the input. Attack A28: the cap stops a bomb after at most
/// one step more than it allows.
std::optional<std::string> inflate_all(std::string_view input, std::size_t cap) {
  z_stream stream{};
  if (input.size() > std::numeric_limits<uInt>::max() || inflateInit(&stream) != Z_OK) {
    return std::nullopt;
  }
  std::string in(input);  // zlib's interface takes no const octets
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  std::string out;
  int state = Z_OK;
  while (state == Z_OK && out.size() <= cap) {
    const std::size_t before = out.size();
    out.resize(before + kStep);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(kStep);
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + kStep - stream.avail_out);
  }
  inflateEnd(&stream);
  return state == Z_STREAM_END && out.size() <= cap ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace

std::optional<std::string> decompress(std::string_view cms, std::size_t limit) {
  if (prescan(cms).kind != ContentKind::compressed_data) {
    return std::nullopt;
  }
  // RFC 3274 §1.1: version, compressionAlgorithm, encapContentInfo.
  ber::Reader fields(content_info(cms)->content);
  const auto version = fields.next_if(ber::kInteger);
  const auto algorithm = fields.next_if(ber::kSequence);
  const auto encapsulated = fields.next_if(ber::kSequence);
  if (!version || !algorithm || !encapsulated) {
    return std::nullopt;
  }
  const auto method = ber::Reader(algorithm->content).next_if(ber::kOid);
  ber::Reader inside(encapsulated->content);
  const auto type = inside.next_if(ber::kOid);
  const auto wrapped = inside.next_if_context(0);
  const auto content =
      wrapped ? ber::Reader(wrapped->content).next_if(ber::kOctetString) : std::nullopt;
  if (!method || ber::oid_text(method->content) != oid::kZlib || !type || !content ||
      ber::oid_text(type->content) != oid::kData) {
    return std::nullopt;
  }
  std::string scratch;
  const auto packed = ber::octet_string(*content, scratch);
  if (!packed) {
    return std::nullopt;
  }
  return inflate_all(*packed, std::min({limit, packed->size() * kMaxExpansion, kMaxInflated}));
}

}  // namespace paraph::cms
