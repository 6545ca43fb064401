#include "compose/authored.h"

#include <fmt/core.h>

namespace paraph::compose {

Result<Fields> own_fields(const Authored& authored) {
  auto from = HeaderValue::mailbox(authored.from_name, authored.from);
  if (!from) return std::move(from).error();
  auto id = HeaderValue::message_id(authored.message_id);
  if (!id) return std::move(id).error();
  if (authored.auto_submitted != "auto-generated" && authored.auto_submitted != "auto-replied")
    return Error::never(Errc::corrupt, "Auto-Submitted is auto-generated or auto-replied");
  Fields fields{{"From", *from},
                {"Date", HeaderValue::date(authored.date)},
                {"Message-ID", *id},
                {"Auto-Submitted", HeaderValue::text(authored.auto_submitted)},
                {"MIME-Version", HeaderValue::text("1.0")}};
  // RFC 3834 §3.1.5. It is the sender's text: one that could not stand there is left out.
  if (auto answered = HeaderValue::message_id(authored.in_reply_to)) {
    fields.push_back({"In-Reply-To", *answered});
    fields.push_back({"References", *answered});
  }
  return fields;
}

}  // namespace paraph::compose
