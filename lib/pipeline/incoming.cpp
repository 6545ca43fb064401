#include "pipeline/incoming.h"

#include "pipeline/outbox.h"
#include "pipeline/perform.h"

namespace paraph::pipeline {

using outcome::Disposition;
using outcome::Forward;
using outcome::Quarantine;

namespace {

Handled wait(spool::Claim claim, const Error& why, const IncomingSpools& spools,
             const Ports& ports) {
  const std::string text = why.advice();
  ports.log.write(sys::Level::error, "waits", {{"file", claim.name}, {"reason", text}});
  spools.msg.note_waiting(claim, text);
  return Handled::waits;  // the claim's lock goes with it: S3 falls back to S2
}

Handled quarantine(spool::Claim claim, const std::string& reason, const IncomingSpools& spools,
                   const Ports& ports) {
  ports.log.write(sys::Level::alert, "quarantined", {{"file", claim.name}, {"reason", reason}});
  if (auto moved = spools.msg.quarantine(std::move(claim), reason); !moved) {
    ports.log.write(sys::Level::error, "quarantine-failed", {{"reason", moved.error().what()}});
    return Handled::waits;
  }
  return Handled::ended;
}

void log_ending(const Item& item, const Disposition& disposition, const Ports& ports) {
  ports.log.write(sys::Level::info, outcome::word(disposition),
                  {{"id", item.header.id.str()},
                   {"to", item.header.address},
                   {"from", item.sender},
                   {"method", scenario::to_string(item.method)},
                   {"signature", smime::to_string(item.opened.protection.signature.status)},
                   {"encrypted", item.opened.protection.encrypted ? "yes" : "no"},
                   {"reason", outcome::reason(disposition)}});
}

// Quarantine decided by an Error or a bug: the listmaster is told, and the ledger knows, as far as
// the machine lets us.
Handled condemn(spool::Claim claim, const spool::QueueId& id, const std::string& address,
                const std::string& reason, const IncomingSpools& spools, const Ports& ports) {
  if (auto told = raise_alarm(id, "quarantined", address, reason, spools.bulk, ports); !told)
    ports.log.write(sys::Level::error, "alarm-failed", {{"reason", told.error().what()}});
  if (auto recorded = ports.ledger.record({.id = id.str(),
                                           .list = {},
                                           .from = {},
                                           .outcome = "quarantined",
                                           .reason = reason,
                                           .mta_id = {},
                                           .size = 0,
                                           .received = epoch(ports.clock.now())});
      !recorded)
    ports.log.write(sys::Level::error, "ledger-failed", {{"reason", recorded.error().what()}});
  return quarantine(std::move(claim), reason, spools, ports);
}

// S4 → S5. When the unlink fails the mail is found again, and the ledger then says that it has
// ended.
Handled finish(spool::Claim claim, const IncomingSpools& spools, const Ports& ports) {
  const std::string name = claim.name;
  auto gone = spools.msg.finish(std::move(claim));
  if (gone) return Handled::ended;
  ports.log.write(sys::Level::error, "unlink-failed",
                  {{"file", name}, {"reason", gone.error().what()}});
  return Handled::waits;
}

Handled handle(spool::Claim& claim, const IncomingSpools& spools, const Ports& ports,
               Endings& endings) {
  const auto place = [&](const Error& error) {
    return error.retry() == Retry::later
               ? wait(std::move(claim), error, spools, ports)
               : quarantine(std::move(claim), error.what(), spools, ports);
  };
  auto spooled = spools.msg.read(claim);
  if (!spooled && spooled.error().retry() == Retry::never) {
    const auto id =
        spool::QueueId::make(ports.clock.now(), ports.random);  // nobody can read its own
    return condemn(std::move(claim), id, "file " + claim.name, spooled.error().what(), spools,
                   ports);
  }
  if (!spooled) return place(spooled.error());
  const spool::SpoolHeader header = spooled->header;
  auto ended = ports.ledger.find(header.id.str());
  if (!ended) return place(ended.error());
  // A crash came between the outputs and the unlink. (A quarantined mail was put back by a person, and a held one has
  // come back with his word.)
  const bool decided = *ended && (*ended)->outcome == "held" && header.word.given();
  if (*ended && (*ended)->outcome != "quarantined" && !decided)
    return finish(std::move(claim), spools, ports);
  // The same, before the ledger row: what has been published stands, whatever would be decided
  // today.
  auto published = spools.bulk.published(header.id);
  if (!published) return place(published.error());

  Item item = make_item(std::move(*spooled));
  item.published = *published;
  try {
    auto disposition = decide(item, ports);
    if (!disposition && disposition.error().retry() == Retry::later)
      return place(disposition.error());
    if (!disposition)
      return condemn(std::move(claim), header.id, header.address, disposition.error().what(),
                     spools, ports);
    if (*published && !std::holds_alternative<outcome::Distribute>(*disposition) &&
        !std::holds_alternative<Forward>(*disposition))
      return finish(std::move(claim), spools, ports);
    auto done = perform(item, *disposition, spools, ports);
    if (!done) {
      if (done.error().retry() == Retry::later) return place(done.error());
      return condemn(std::move(claim), header.id, header.address, done.error().what(), spools,
                     ports);
    }
    log_ending(item, *disposition, ports);
    if (const auto* bad = std::get_if<Quarantine>(&*disposition))
      return quarantine(std::move(claim), bad->reason, spools, ports);
    if (!done->row) return finish(std::move(claim), spools, ports);
    endings.gathered.push_back({std::move(claim), header.id, done->publish, std::move(*done->row)});
    return Handled::gathered;
  } catch (const std::exception& bug) {  // the one place: a bug costs one mail, not the daemon
    return condemn(std::move(claim), header.id, header.address,
                   std::string("internal error: ") + bug.what(), spools, ports);
  }
}

// One answer for each, in their order: whether it is published.
std::vector<Result<void>> publish(const Endings& endings, spool::BulkSpool& bulk) {
  std::vector<spool::QueueId> ids;
  for (const auto& ending : endings.gathered)
    if (ending.publish) ids.push_back(ending.id);
  auto published = ids.empty() ? std::vector<Result<void>>() : bulk.publish(ids);
  std::vector<Result<void>> answers;
  auto next = published.begin();
  for (const auto& ending : endings.gathered)
    answers.push_back(ending.publish ? std::move(*next++) : Result<void>());
  return answers;
}

}  // namespace

Handled process(spool::Claim claim, const IncomingSpools& spools, const Ports& ports,
                Endings& endings) {
  return handle(claim, spools, ports, endings);
}

// The order of every single mail, for all of them at once: published, recorded, removed. Whatever fails here is done
// again under the same names.
std::vector<Settled> settle(Endings& endings, const IncomingSpools& spools, const Ports& ports) {
  if (endings.gathered.empty()) return {};
  auto answers = publish(endings, spools.bulk);
  std::vector<store::MailRow> rows;
  for (std::size_t i = 0; i < answers.size(); ++i)
    if (answers[i]) rows.push_back(std::move(endings.gathered[i].row));
  const auto recorded = rows.empty() ? Result<void>() : ports.ledger.record_soon(rows);
  std::vector<Settled> settled;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    auto& claim = endings.gathered[i].claim;
    const std::string name = claim.name;
    const auto& done = answers[i] ? recorded : answers[i];
    settled.push_back({name, done ? finish(std::move(claim), spools, ports)
                                  : wait(std::move(claim), done.error(), spools, ports)});
  }
  endings.gathered.clear();
  return settled;
}

// Only the internal fields are read, which are ours.
Handled condemn(spool::Claim claim, const std::string& reason, const IncomingSpools& spools,
                const Ports& ports) {
  const auto header = spools.msg.read_header(claim);
  if (!header) return quarantine(std::move(claim), reason, spools, ports);
  return condemn(std::move(claim), header->id, header->address, reason, spools, ports);
}

}  // namespace paraph::pipeline
