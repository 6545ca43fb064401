// Laws of the pre-scan, for any octets and for wide as well as narrow limits: the same octets get the same answer; it says why
// or what, never both; what narrow limits take wide ones take as the same kind; an independent walk agrees that what was
// taken nests and counts within the limits; and nothing that it refuses is read any further.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cms/ber.h"
#include "cms/content_info.h"
#include "cms/parts.h"

using namespace paraph::cms;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

const CmsLimits kNarrow{4'000, 12, 2, 1, 2};

/// Depth of the first element, by a walk of its own over whole elements; 0 when one of them is broken. Stops at `most`.
std::size_t depth(std::string_view octets, std::size_t most) {
  const auto element = ber::Reader(octets).next();
  if (!element) return 0;
  if (!element->head.constructed) return 1;
  if (most == 0) return 1;
  std::size_t deepest = 0;
  std::string_view rest = element->content;
  while (!rest.empty()) {
    const auto child = ber::Reader(rest).next();
    const std::size_t found = child ? depth(rest, most - 1) : 0;
    if (found == 0) return 0;
    deepest = std::max(deepest, found);
    rest.remove_prefix(child->whole.size());
  }
  return deepest + 1;
}

std::size_t count(std::string_view elements) {
  std::size_t found = 0;
  for (ber::Reader reader(elements); reader.next();) ++found;
  return found;
}

void check_counts(std::string_view octets, ContentKind kind, const CmsLimits& limits) {
  require(octets.size() <= limits.octets);
  require(content_info(octets).has_value());
  const std::size_t found = depth(octets, limits.depth + 1);
  require(found > 0 && found <= limits.depth + 1);  // the innermost one may be primitive
  if (kind == ContentKind::signed_data) {
    const auto parts = signed_data_parts(octets);
    require(parts && count(parts->certificates) <= limits.certificates);
    require(count(parts->signer_infos) <= limits.signers);
  }
  if (kind == ContentKind::enveloped_data || kind == ContentKind::auth_enveloped_data) {
    const auto parts = enveloped_parts(octets);
    require(parts && count(parts->recipient_infos) <= limits.recipients);
    require(parts->authenticated == (kind == ContentKind::auth_enveloped_data));
  }
}

/// Whatever the pre-scan says, the readers behind it hold the same limits and never fault.
void check_readers(std::string_view octets, ContentKind kind, const CmsLimits& limits) {
  const auto report = verify_signed(octets, std::nullopt, {}, limits);
  require(report.malformed || kind == ContentKind::signed_data);
  require(!report.malformed || !report.reason.empty());
  require(report.signers.size() <= limits.signers);
  require(report.certificates.size() <= limits.certificates);
  require(report.content.size() <= octets.size());
  const auto decrypted = decrypt_enveloped(octets, {}, limits).report;
  require(!decrypted.content && !decrypted.matched && decrypted.status != OpenStatus::opened);
  require(decrypted.recipients <= limits.recipients);
  const bool enveloped =
      kind == ContentKind::enveloped_data || kind == ContentKind::auth_enveloped_data;
  require(enveloped || decrypted.status == OpenStatus::malformed);
  require(!names_recipient(octets, {}, limits));
}

void check(const std::string& octets, const CmsLimits& limits) {
  const PreScan scan = prescan(octets, limits);
  const PreScan again = prescan(octets, limits);
  require(scan.kind == again.kind && scan.reason == again.reason);
  require((scan.kind == ContentKind::malformed) != scan.reason.empty());
  if (scan.kind != ContentKind::malformed) check_counts(octets, scan.kind, limits);
  check_readers(octets, scan.kind, limits);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string octets(reinterpret_cast<const char*>(data), size);
  check(octets, {});
  check(octets, kNarrow);
  const PreScan narrow = prescan(octets, kNarrow);
  require(narrow.kind == ContentKind::malformed || narrow.kind == prescan(octets).kind);
  const auto inflated = decompress(octets, 10'000);
  require(!inflated ||
          (inflated->size() <= 10'000 && prescan(octets).kind == ContentKind::compressed_data));
  return 0;
}
