#include "pipeline/ask.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "base/encode.h"
#include "base/utf8.h"
#include "command/command.h"
#include "mail/address.h"
#include "pipeline/guard.h"
#include "pipeline/key_ring.h"
#include "pipeline/list_header.h"
#include "pipeline/sealing.h"

namespace paraph::pipeline {
namespace {

using store::KeyAction;

constexpr long long kDay = 24 * 3600;
constexpr long long kAfterExpiry = 30 * kDay;  // so that a late answer hears that it is late
constexpr std::size_t kKeyOctets = 17;
constexpr std::size_t kMostQuestionsADay = 20;

long long expiry(const Item& item, KeyAction action, const Ports& ports) {
  const bool moderates =
      action != KeyAction::confirm && action != KeyAction::request && action != KeyAction::approve;
  const long long days = moderates && item.config ? item.config->number("clean_delay_queuemod")
                                                  : ports.site.number("clean_delay_queueauth");
  constexpr long long kForEver = 3650;
  return epoch(ports.clock.now()) + (days > 0 ? days : kForEver) * kDay + kAfterExpiry;
}

// Granted before its mail is made: a key that nobody got does no harm, a mail with a key that is none does.
Result<std::string> grant(const Item& item, store::DecisionKey key, const Ports& ports) {
  std::string text = base32_encode(ports.random.octets(kKeyOctets)).substr(0, command::kKeyLength);
  key.sha256 = ascii::hex_lower(ports.digest.sha256(text));
  key.expires = expiry(item, key.action, ports);
  if (auto granted = ports.keys.grant(key); !granted) return std::move(granted).error();
  return text;
}

std::string message_id(const Item& item) {
  const auto field = item.tree.field(item.tree.root(), "Message-ID");
  return field ? utf8::printable(mail::canonical_message_id(*field), kSignedValue) : std::string();
}

// What the machine cannot do now is an Error; what cannot be done at all is told in the ledger.
Result<std::string> sent(const Result<void>& enqueued, const std::string& to, const Ports& ports) {
  if (enqueued) return std::string();
  if (enqueued.error().retry() == Retry::later) return enqueued.error();
  ports.log.write(sys::Level::error, "not-asked",
                  {{"address", to}, {"reason", enqueued.error().advice()}});
  return fmt::format("{} not asked: {}", to, enqueued.error().what());
}

tt2::Data common_data(const Item& item, const std::string& key, const std::string& list) {
  return {{"sender", item.sender},
          {"authkey", key},
          {"list_address", list},
          {"subject_of_post", subject_of_post(item)},
          {"message_id", message_id(item)},
          {"id", item.header.id.str()},
          {"encrypted", item.opened.protection.encrypted ? "1" : ""}};
}

// Of a post that was opened: the certificate that a copy for this editor would be sealed to. None, also where it cannot be
// looked up at all: he is asked all the same, and gets nothing of the post.
Result<std::optional<cms::Certificate>> certificate_of(const std::string& editor, const Item& item,
                                                       const Ports& ports) {
  std::optional<cms::Certificate> none;
  if (!item.opened.payload) return none;
  auto target = seal_target(editor, ports, &*item.config);
  if (target) return std::move(target->certificate);
  if (target.error().retry() == Retry::later) return std::move(target).error();
  return none;
}

KeyAction action_of(list::Role office) {
  if (office == list::Role::owner) return KeyAction::moderate_as_owner;
  return office == list::Role::listmaster ? KeyAction::moderate_as_listmaster : KeyAction::moderate;
}

Result<std::string> ask_judge(const Item& item, const std::string& judge, list::Role office,
                              const std::string& reason, spool::BulkSpool& bulk,
                              const Ports& ports) {
  const auto id = item.header.id.derive("moderate:" + judge, ports.digest);
  if (auto asked = is_enqueued(id, bulk, ports); !asked || *asked)
    return asked ? Result<std::string>(std::string()) : asked.error();
  auto certificate = certificate_of(judge, item, ports);
  if (!certificate) return std::move(certificate).error();
  const std::string list = item.list->str();
  const auto key = grant(item, {{}, item.header.id.str(), list, judge, action_of(office)}, ports);
  if (!key) return key.error();
  auto data = common_data(item, *key, list);
  data["reason"] = reason;
  data["size"] = std::to_string(item.tree.message().size());
  Notice notice{.id = id,
                .template_name = "moderate.tt2",
                .data = std::move(data),
                .to = judge,
                .list = item.list,
                .domain = item.destination.domain,
                .auto_submitted = "auto-generated",
                .in_reply_to = {}};
  if (*certificate) {
    notice.seal_to = std::move(*certificate);
    notice.cipher = choose_cipher(cipher_wishes(*item.config), {});
    notice.enclosed = Notice::Enclosed{outer_fields(item.tree), &*item.opened.payload};
    notice.data["enclosed"] = "1";
  }
  return sent(enqueue_notice(notice, {}, bulk, ports), judge, ports);
}

}  // namespace

std::string subject_of_post(const Item& item) {
  if (item.opened.protection.encrypted) return {};
  const auto field = item.tree.field(item.tree.root(), "Subject");
  return field ? utf8::printable(mail::decode_words(*field), kSignedValue) : std::string();
}

// Whoever says that he is somebody must not fill that somebody's mailbox with our questions, nor have us ask ourselves.
Result<bool> may_ask(const Item& item, const spool::QueueId& about, const std::string& address,
                     const Ports& ports) {
  if (!may_be_written_to(ports.site, address)) return false;
  if (item.method != scenario::AuthMethod::smtp) return true;
  const auto asked = count_asked(item, about, address, ports);
  if (!asked) return asked.error();
  return *asked <= kMostQuestionsADay;
}

Result<std::string> ask_author(const Item& item, spool::BulkSpool& bulk, const Ports& ports) {
  const auto may = may_ask(item, item.header.id, item.sender, ports);
  if (!may) return may.error();
  if (!*may || is_automatic(item.tree)) return std::string("the author was not asked");
  const auto id = item.header.id.derive("send_auth", ports.digest);
  if (auto asked = is_enqueued(id, bulk, ports); !asked || *asked)
    return asked ? Result<std::string>(std::string()) : asked.error();
  const std::string list = item.list->str();
  const auto key =
      grant(item, {{}, item.header.id.str(), list, item.sender, KeyAction::confirm}, ports);
  if (!key) return key.error();
  const Notice notice{.id = id,
                      .template_name = "send_auth.tt2",
                      .data = common_data(item, *key, list),
                      .to = item.sender,
                      .list = item.list,
                      .domain = item.destination.domain,
                      .auto_submitted = "auto-replied",
                      .in_reply_to = message_id(item)};
  return sent(enqueue_notice(notice, {}, bulk, ports), item.sender, ports);
}

Result<std::string> ask_judges(const Item& item, list::Role judges, const std::string& reason,
                               spool::BulkSpool& bulk, const Ports& ports) {
  const auto people = people_of(item.list, judges, ports);
  if (!people) return people.error();
  std::string notes = people->empty() ? "nobody can be told" : "";
  std::optional<Error>
      waits;  // what keeps one of them from being asked is no reason not to ask the others
  for (const auto& judge : *people) {
    auto note = ask_judge(item, judge, judges, reason, bulk, ports);
    if (!note) {
      if (!waits) waits = note.error();
      continue;
    }
    if (!note->empty()) notes += (notes.empty() ? "" : "; ") + *note;
  }
  if (waits) return *std::move(waits);
  return notes;
}

Result<Asked> ask_about_request(const Item& item, const outcome::AskFor& request,
                                const spool::QueueId& id, bool many, spool::BulkSpool& bulk,
                                const Ports& ports) {
  const auto action = request.approve ? KeyAction::approve : KeyAction::request;
  const std::string list = request.list.str();
  Asked all;
  for (const auto& asked : request.asked) {
    const auto notice_id = id.derive("ask:" + asked, ports.digest);
    const auto before = is_enqueued(notice_id, bulk, ports);
    if (!before) return before.error();
    if (*before) {
      ++all.people;
      continue;
    }
    const auto key = grant(item, {{}, id.str(), list, asked, action, request.request}, ports);
    if (!key) return key.error();
    auto data = common_data(item, *key, list);
    data["id"] = id.str();
    data["request"] = request.request;
    data["many"] = many ? "1" : "";
    const Notice notice{
        .id = notice_id,
        .template_name = request.approve ? "request_approve.tt2" : "request_auth.tt2",
        .data = std::move(data),
        .to = asked,
        .list = request.list,
        .domain = request.list.domain(),
        .auto_submitted = "auto-generated",
        .in_reply_to = {},
        .values = Notice::Values::whole};
    auto note = sent(enqueue_notice(notice, {}, bulk, ports), asked, ports);
    if (!note) return std::move(note).error();
    if (note->empty()) ++all.people;
    if (!note->empty()) all.notes = std::move(*note);
  }
  return all;
}

}  // namespace paraph::pipeline
