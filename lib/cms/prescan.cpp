#include <climits>

#include <fmt/core.h>

#include "cms/content_info.h"
#include "cms/oids.h"
#include "cms/parts.h"

namespace paraph::cms {
namespace {

/// Elements of any kind: bounds the time of every later walk, however the octets are nested.
/// Content that was streamed in pieces of 1000 octets fits up to CmsLimits::octets.
constexpr std::size_t kMaxElements = 1'000'000;

PreScan malformed(std::string reason) {
  return {ContentKind::malformed, std::move(reason)};
}

/// Walks every element once, with the open ones on a stack of its own. Empty when all lengths fit.
std::string structure_fault(std::string_view octets, std::size_t max_depth) {
  struct Open {
    std::size_t end;  ///< a definite element's; an indefinite one's: where its parent ends
    bool indefinite;
  };
  std::vector<Open> open;
  std::size_t at = 0;
  std::size_t elements = 0;
  do {
    const std::size_t end = open.empty() ? octets.size() : open.back().end;
    const auto head = ber::read_head(octets.substr(at, end - at));
    if (!head) {
      return "a length that does not fit";
    }
    if (++elements > kMaxElements) {
      return "more elements than any mail needs";
    }
    at += head->size;
    if (head->is(ber::kEndOfContents)) {
      if (open.empty() || !open.back().indefinite || head->constructed || head->length != 0) {
        return "an end of contents out of place";
      }
      open.pop_back();
    } else if (head->constructed) {
      if (open.size() >= max_depth) {
        return fmt::format("nested deeper than {}", max_depth);
      }
      open.push_back({head->length ? at + *head->length : end, !head->length});
    } else {
      at += *head->length;
    }
    while (!open.empty() && !open.back().indefinite && at == open.back().end) {
      open.pop_back();
    }
  } while (!open.empty());
  return {};
}

/// Counts elements, but not far beyond `limit`.
std::size_t count(std::string_view elements, std::size_t limit) {
  std::size_t found = 0;
  for (ber::Reader reader(elements); found <= limit && reader.next();) {
    ++found;
  }
  return found;
}

PreScan scan_signed(std::string_view octets, const CmsLimits& limits) {
  const auto parts = signed_data_parts(octets);
  if (!parts) {
    return malformed("not a SignedData");
  }
  if (count(parts->certificates, limits.certificates) > limits.certificates) {
    return malformed(fmt::format("more than {} certificates", limits.certificates));
  }
  if (count(parts->signer_infos, limits.signers) > limits.signers) {
    return malformed(fmt::format("more than {} signatures", limits.signers));
  }
  return {ContentKind::signed_data, {}};
}

/// RecipientInfos, and of each key agreement one more per key beyond the first (RFC 5652 §6.2.2).
std::size_t count_recipients(std::string_view recipient_infos, std::size_t limit) {
  std::size_t found = 0;
  ber::Reader reader(recipient_infos);
  while (const auto recipient = reader.next()) {
    ++found;
    if (recipient->is_context(1) && recipient->head.constructed) {
      std::string_view last;
      for (ber::Reader fields(recipient->content); const auto field = fields.next();) {
        last = field->content;
      }
      const std::size_t keys = count(last, limit);
      found += keys > 1 ? keys - 1 : 0;
    }
    if (found > limit) {
      break;
    }
  }
  return found;
}

PreScan scan_enveloped(std::string_view octets, const CmsLimits& limits) {
  const auto parts = enveloped_parts(octets);
  if (!parts) {
    return malformed("not an EnvelopedData");
  }
  if (count_recipients(parts->recipient_infos, limits.recipients) > limits.recipients) {
    return malformed(fmt::format("more than {} recipients", limits.recipients));
  }
  return {parts->authenticated ? ContentKind::auth_enveloped_data : ContentKind::enveloped_data,
          {}};
}

}  // namespace

PreScan prescan(std::string_view cms, const CmsLimits& limits) {
  if (cms.empty()) {
    return malformed("empty");
  }
  // OpenSSL counts memory BIOs in int.
  if (cms.size() > limits.octets || cms.size() > INT_MAX) {
    return malformed("larger than the limit");
  }
  // Attack A28: depth and lengths first, for everything below relies on them.
  if (std::string fault = structure_fault(cms, limits.depth); !fault.empty()) {
    return malformed(std::move(fault));
  }
  const auto info = content_info(cms);
  if (!info) {
    return malformed("not a ContentInfo");
  }
  if (info->type == oid::kSignedData) {
    return scan_signed(cms, limits);
  }
  if (info->type == oid::kEnvelopedData || info->type == oid::kAuthEnvelopedData) {
    return scan_enveloped(cms, limits);
  }
  return {info->type == oid::kCompressedData ? ContentKind::compressed_data : ContentKind::other,
          {}};
}

}  // namespace paraph::cms
