#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cms/content_info.h"
#include "mail/address.h"
#include "mail/entity.h"
#include "smime/open.h"
#include "smime/protection.h"

/// For this module only: from what `cms` and `mail` found to a judgement.
namespace paraph::smime {

/// Who a message says it is from (RFC 5322 §3.6.2). Exactly one mailbox, or a reason why not.
struct Sender {
  std::vector<std::string> written;  ///< every address of every From field
  std::optional<mail::AddrSpec> mailbox;
  Reason fault = Reason::no_from;  ///< when there is no mailbox
};
[[nodiscard]] Sender sender_of(const mail::MimeTree& tree, const mail::Entity& entity);

struct Judged {
  Signature signature;
  std::vector<Reason> reasons;  ///< in the order of the judgement, without repeats
};
/// Each signer by himself: cryptography, digest, chain, then whether he is the sender.
[[nodiscard]] Judged judge(const cms::SignedReport& report, const Sender& sender,
                           const OpenContext& context);

/// Of the two, the one that is reported for the whole.
[[nodiscard]] SignatureStatus worse(SignatureStatus a, SignatureStatus b);

void add(std::vector<Reason>& reasons, Reason reason);

/// Protection::companion.
[[nodiscard]] std::optional<cms::Certificate> companion_of(const Signature& signature,
                                                           const mail::AddrSpec& sender,
                                                           const OpenContext& context);

}  // namespace paraph::smime
