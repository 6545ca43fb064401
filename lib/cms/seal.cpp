#include "cms/seal.h"

#include <openssl/err.h>
#include <openssl/rand.h>

#include <array>
#include <cstring>

#include "cms/der.h"
#include "cms/wrap.h"

namespace paraph::cms {
namespace {

using namespace std::string_view_literals;

// ContentInfo.contentType: id-envelopedData (RFC 5652 §6.1), id-ct-authEnvelopedData (RFC 5083
// §2.1)
constexpr auto kEnvelopedData = "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03"sv;
constexpr auto kAuthEnvelopedData = "\x06\x0B\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x17"sv;
constexpr auto kData = "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01"sv;
constexpr auto kVersion0 = "\x02\x01\x00"sv;
constexpr auto kVersion2 = "\x02\x01\x02"sv;
// aes-ICVlen 16 (RFC 5084 §3.2); left out, it would mean 12.
constexpr auto kTagLength = "\x02\x01\x10"sv;

constexpr std::size_t kLineOctets = 54;  // 72 characters
/// EVP_EncryptUpdate counts in int.
constexpr std::size_t kChunk = std::size_t{1} << 30U;

unsigned char* octets(std::string& text, std::size_t at = 0) {
  return reinterpret_cast<unsigned char*>(text.data() + at);
}
const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Ciphertext, and behind it the tag as an OCTET STRING (`mac`) where there is one: what all copies
/// end with.
struct Ciphertext {
  std::string tail;
  std::size_t length = 0;  ///< without the mac
};

Result<Ciphertext> encrypt_octets(const CipherRow& row, const unsigned char* key,
                                  const unsigned char* iv, std::string_view content) {
  const auto failed = [] {
    return Error::never(Errc::engine, drain_errors("cannot encrypt the content"));
  };
  const CipherContextPtr context(EVP_CIPHER_CTX_new());
  if (!context || EVP_EncryptInit_ex2(context.get(), fetched(row.cipher), key, iv, nullptr) != 1)
    return failed();
  Ciphertext out;
  out.tail.resize(content.size() + EVP_MAX_BLOCK_LENGTH + 2 + kTagOctets);
  int written = 0;
  for (std::size_t at = 0; at < content.size(); at += kChunk) {
    const auto piece = content.substr(at, kChunk);
    if (EVP_EncryptUpdate(context.get(), octets(out.tail, out.length), &written, octets(piece),
                          static_cast<int>(piece.size())) != 1)
      return failed();
    out.length += static_cast<std::size_t>(written);
  }
  if (EVP_EncryptFinal_ex(context.get(), octets(out.tail, out.length), &written) != 1)
    return failed();
  out.length += static_cast<std::size_t>(written);
  out.tail.resize(out.length);
  if (!row.authenticated) return out;
  der::append_header(out.tail, der::kOctetString, kTagOctets);
  out.tail.resize(out.tail.size() + kTagOctets);
  if (EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagOctets,
                          octets(out.tail, out.tail.size() - kTagOctets)) != 1)
    return failed();
  return out;
}

/// EncryptedContentInfo (RFC 5652 §6.1) up to the first octet of the ciphertext.
std::string content_info_head(const CipherRow& row, std::string_view iv, std::size_t ciphertext) {
  // RFC 3565 §2.3: the IV; RFC 5084 §3.2: GCMParameters
  const auto nonce = der::tlv(der::kOctetString, {iv});
  const auto parameters = row.authenticated ? der::tlv(der::kSequence, {nonce, kTagLength}) : nonce;
  const auto algorithm = der::tlv(der::kSequence, {row.oid, parameters});
  std::string out;
  der::append_header(out, der::kSequence,
                     kData.size() + algorithm.size() + der::header_size(ciphertext) + ciphertext);
  out.append(kData).append(algorithm);
  der::append_header(out, der::context_primitive(0), ciphertext);
  return out;
}

std::size_t base64_size(std::size_t count, std::size_t eol) {
  return (count + 2) / 3 * 4 + (count + kLineOctets - 1) / kLineOctets * eol;
}

/// Twelve bits become two characters: 8 KB, and half again as fast as OpenSSL's encoder.
const auto kPairs = [] {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<std::array<char, 2>, 4096> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i)
    pairs[i] = {kAlphabet[i >> 6U], kAlphabet[i & 63U]};
  return pairs;
}();

/// One whole line without its end, behind `out`.
char* encode_line(char* out, const unsigned char* in, std::size_t groups) {
  for (; groups > 0; --groups, in += 3, out += 4) {
    std::memcpy(out, kPairs[static_cast<std::size_t>(in[0] << 4U | in[1] >> 4U)].data(), 2);
    std::memcpy(out + 2, kPairs[static_cast<std::size_t>((in[1] & 15U) << 8U | in[2])].data(), 2);
  }
  return out;
}

/// Lines of 72 behind `out`: done once per copy, and for three tails of the size of the post.
void append_lines(std::string& out, std::string_view text, std::string_view eol) {
  const std::size_t before = out.size();
  out.resize(before + base64_size(text.size(), eol.size()));
  char* to = out.data() + before;
  for (std::size_t at = 0; at < text.size(); at += kLineOctets) {
    const auto piece = text.substr(at, kLineOctets);
    to = encode_line(to, octets(piece), piece.size() / 3);
    if (const std::size_t rest = piece.size() % 3; rest > 0) {
      std::array<unsigned char, 5> last{};  // the encoder adds a NUL
      EVP_EncodeBlock(last.data(), octets(piece.substr(piece.size() - rest)),
                      static_cast<int>(rest));
      std::memcpy(to, last.data(), 4);
      to += 4;
    }
    std::memcpy(to, eol.data(), eol.size());
    to += eol.size();
  }
}

}  // namespace

struct SealedContent::Impl {
  const CipherRow* row = nullptr;
  KeyWrapper wrapper;
  std::string content_head;
  std::string tail;
  /// The tail in base64 without its first 0, 1 or 2 octets, by line end; made when first needed.
  std::array<std::array<std::string, 3>, 2> encoded_tails;

  std::string info;  ///< one recipient's, while his head is made; kept for its memory
  std::string head;  ///< everything in front of the tail, the same way

  [[nodiscard]] Result<void> make_head(const Recipient& recipient);
  [[nodiscard]] const std::string& encoded_tail(std::size_t skipped, LineEnd line_end);
};

Result<void> SealedContent::Impl::make_head(const Recipient& recipient) {
  ERR_clear_error();
  info.clear();
  if (auto done = wrapper.append(info, recipient.impl()); !done) return done;
  // RFC 5652 §6.1: 0 when all is ktri by issuer and serial number, else 2. RFC 5083 §2.1: always 0.
  const bool key_agreement = recipient.impl().curve != nullptr;
  const auto version = key_agreement && !row->authenticated ? kVersion2 : kVersion0;
  const auto type = row->authenticated ? kAuthEnvelopedData : kEnvelopedData;
  const auto with_header = [](std::size_t length) { return der::header_size(length) + length; };
  const std::size_t enveloped =
      version.size() + with_header(info.size()) + content_head.size() + tail.size();
  const std::size_t content = with_header(enveloped);
  head.clear();
  der::append_header(head, der::kSequence, type.size() + with_header(content));
  head += type;
  der::append_header(head, der::context(0), content);
  der::append_header(head, der::kSequence, enveloped);
  head += version;
  der::append_header(head, der::kSet, info.size());
  head.append(info).append(content_head);
  return {};
}

const std::string& SealedContent::Impl::encoded_tail(std::size_t skipped, LineEnd line_end) {
  auto& text = encoded_tails.at(static_cast<std::size_t>(line_end)).at(skipped);
  const auto eol = line_end == LineEnd::crlf ? "\r\n"sv : "\n"sv;
  if (text.empty()) {
    append_lines(text, std::string_view(tail).substr(skipped), eol);
  }
  return text;
}

SealedContent::SealedContent(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SealedContent::SealedContent(SealedContent&&) noexcept = default;
SealedContent& SealedContent::operator=(SealedContent&&) noexcept = default;
SealedContent::~SealedContent() = default;
ContentCipher SealedContent::cipher() const {
  return impl_->row->cipher;
}

Result<SealedContent> SealedContent::encrypt(std::string_view content, ContentCipher cipher) {
  ERR_clear_error();
  auto impl = std::make_unique<Impl>();
  impl->row = &cipher_row(cipher);
  if (auto drawn = impl->wrapper.generate(impl->row->key_octets); !drawn)
    return std::move(drawn).error();
  std::string iv(impl->row->iv_octets, '\0');
  if (RAND_bytes_ex(library(), octets(iv), iv.size(), 0) != 1)
    return Error::later(Errc::engine, drain_errors("no randomness"));
  auto ciphertext = encrypt_octets(*impl->row, impl->wrapper.key(), octets(iv), content);
  if (!ciphertext) return std::move(ciphertext).error();
  impl->content_head = content_info_head(*impl->row, iv, ciphertext->length);
  impl->tail = std::move(ciphertext->tail);
  return SealedContent(std::move(impl));
}

Result<std::string> SealedContent::for_recipient(const Recipient& recipient) {
  if (auto made = impl_->make_head(recipient); !made) return std::move(made).error();
  return impl_->head + impl_->tail;
}

Result<std::string_view> SealedContent::append_base64(std::string& out, const Recipient& recipient,
                                                      LineEnd line_end) {
  if (auto made = impl_->make_head(recipient); !made) return std::move(made).error();
  // The head takes the first octets of the tail until it ends on a whole group of three: no padding
  // in the middle, and at most three encodings of the tail serve everybody. A tail has 16 octets at
  // least, but for GCM's 18.
  std::string& head = impl_->head;
  const std::size_t borrowed = (3 - head.size() % 3) % 3;
  head.append(impl_->tail, 0, borrowed);
  const auto eol = line_end == LineEnd::crlf ? "\r\n"sv : "\n"sv;
  append_lines(out, head, eol);
  return std::string_view(impl_->encoded_tail(borrowed, line_end));
}

}  // namespace paraph::cms
