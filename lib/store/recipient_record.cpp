#include "store/recipient_record.h"

#include <algorithm>

#include "cms/keys.h"

namespace paraph::store {
namespace {

constexpr std::size_t kDigest = 32;
constexpr char kVersion = 3;
constexpr std::size_t kMostFiles = 16;

void put(std::string& out, std::int64_t value) {
  for (unsigned shift = 64; shift > 0; shift -= 8)
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (shift - 8));
}

/// Takes fields off the front; after the first that is missing all are empty.
class Fields {
 public:
  explicit Fields(std::string_view octets) : rest_(octets) {}
  [[nodiscard]] std::string_view octets(std::size_t count) {
    whole_ = whole_ && count <= rest_.size();
    const auto out = whole_ ? rest_.substr(0, count) : std::string_view();
    rest_.remove_prefix(out.size());
    return out;
  }
  [[nodiscard]] std::int64_t number() {
    std::uint64_t value = 0;
    for (const char c : octets(8)) value = value << 8U | static_cast<unsigned char>(c);
    return static_cast<std::int64_t>(value);
  }
  [[nodiscard]] bool whole() const { return whole_; }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool whole_ = true;
};

std::int64_t seconds(TimePoint at) {
  return at.time_since_epoch().count();
}
TimePoint moment(std::int64_t seconds) {
  return TimePoint(std::chrono::seconds(seconds));
}

std::string seal_of(std::string_view address, std::string_view body) {
  std::string text(address);
  text += '\0';
  text += body;
  return cms::digest().sha256(text);
}

}  // namespace

std::string encode(std::string_view address, const RecipientRecord& record) {
  std::string body(1, kVersion);
  body += record.settled ? '\1' : '\0';
  for (const auto number : {seconds(record.period.since), seconds(record.period.until),
                            static_cast<std::int64_t>(record.files.size())})
    put(body, number);
  for (const auto& file : record.files) {
    body += file.present ? '\1' : '\0';
    for (const auto number :
         {static_cast<std::int64_t>(file.inode), static_cast<std::int64_t>(file.size),
          file.modified_ns, file.changed_ns})
      put(body, number);
  }
  body += record.digest;
  put(body, record.reader.number);
  for (const auto* text : {&record.judged_by, &record.reader.cipher, &record.reader.stated}) {
    put(body, static_cast<std::int64_t>(text->size()));
    body += *text;
  }
  body += cms::encode(record.facts);
  return seal_of(address, body) + body;
}

std::optional<RecipientRecord> decode_record(std::string_view address, std::string_view octets) {
  if (octets.size() < kDigest ||
      seal_of(address, octets.substr(kDigest)) != octets.substr(0, kDigest))
    return std::nullopt;
  Fields in(octets.substr(kDigest));
  if (in.octets(1) != std::string_view(&kVersion, 1)) return std::nullopt;
  RecipientRecord out;
  out.settled = in.octets(1) == "\1";
  out.period.since = moment(in.number());
  out.period.until = moment(in.number());
  const auto count = static_cast<std::size_t>(in.number());
  if (count > kMostFiles) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    sys::FileIdentity file;
    file.present = in.octets(1) == "\1";
    file.inode = static_cast<std::uint64_t>(in.number());
    file.size = static_cast<std::uint64_t>(in.number());
    file.modified_ns = in.number();
    file.changed_ns = in.number();
    out.files.push_back(file);
  }
  out.digest = in.octets(kDigest);
  out.reader.number = in.number();
  for (auto* text : {&out.judged_by, &out.reader.cipher, &out.reader.stated})
    *text = in.octets(static_cast<std::size_t>(in.number()));
  if (!in.whole()) return std::nullopt;
  auto facts = cms::decode_facts(in.rest());
  if (!facts) return std::nullopt;
  out.facts = std::move(*facts);
  return out;
}

bool same_files(const std::vector<sys::FileIdentity>& recorded,
                const std::vector<sys::FileIdentity>& now) {
  return std::equal(recorded.begin(), recorded.end(), now.begin(), now.end(),
                    [](const sys::FileIdentity& a, const sys::FileIdentity& b) {
                      sys::FileIdentity same_device = b;
                      same_device.device = a.device;
                      return a == same_device;
                    });
}

}  // namespace paraph::store
