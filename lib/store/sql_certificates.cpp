#include "store/sql_certificates.h"

namespace paraph::store {
namespace {

#define PARAPH_CERTIFICATE_COLUMNS                                                        \
  "SELECT address, sha256, slot, der, issuers, source, message_id, mail_id, learned_at, " \
  "not_before, not_after, state, pinned FROM paraph_certificate "

Result<std::vector<CertificateRow>> all_rows(Query& query) {
  std::vector<CertificateRow> out;
  for (;;) {
    const auto row = query.step();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back({query.text(0), query.text(1), query.text(2), query.text(3), query.text(4),
                   query.text(5), query.text(6), query.text(7), query.integer(8), query.integer(9),
                   query.integer(10), query.text(11), query.integer(12) != 0});
  }
}

Result<void> ran(Query& query) {
  const auto changed = query.run();
  return changed ? Result<void>() : Result<void>(changed.error());
}

}  // namespace

Result<std::vector<CertificateRow>> SqlCertificates::of(std::string_view address) {
  auto query = connection_.prepare(PARAPH_CERTIFICATE_COLUMNS
                                   "WHERE address = ? ORDER BY not_before DESC, sha256");
  if (!query) return std::move(query).error();
  query->bind(address);
  return all_rows(*query);
}

Result<std::vector<std::string>> pinned_of(Connection& connection, std::string_view address) {
  auto query =
      connection.prepare("SELECT sha256 FROM paraph_certificate WHERE address = ? AND pinned = 1");
  if (!query) return std::move(query).error();
  query->bind(address);
  std::vector<std::string> out;
  for (;;) {
    const auto row = query->step();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back(query->text(0));
  }
}

Result<std::vector<std::string>> SqlCertificates::pinned(std::string_view address) {
  return pinned_of(connection_, address);
}

Result<void> SqlCertificates::put_row(const CertificateRow& row) {
  auto query = connection_.prepare(
      "INSERT OR REPLACE INTO paraph_certificate (address, sha256, slot, der, issuers, source, "
      "message_id, mail_id, learned_at, not_before, not_after, state, pinned) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!query) return std::move(query).error();
  query->bind(row.address).bind(row.sha256).bind(row.slot).bind_octets(row.der).bind(row.issuers);
  query->bind(row.source).bind(row.message_id).bind(row.mail_id);
  for (const auto number : {row.learned_at, row.not_before, row.not_after})
    query->bind(std::int64_t{number});
  query->bind(row.state).bind(std::int64_t{row.pinned ? 1 : 0});
  return ran(*query);
}

Result<void> SqlCertificates::forget_oldest(const std::string& address) {
  auto query = connection_.prepare(
      "DELETE FROM paraph_certificate WHERE address = ?1 AND sha256 IN (SELECT sha256 FROM "
      "paraph_certificate WHERE address = ?1 AND state IN ('history', 'pending') AND pinned = 0 "
      "ORDER BY learned_at DESC LIMIT -1 OFFSET ?2)");
  if (!query) return std::move(query).error();
  return ran(query->bind(address).bind(static_cast<std::int64_t>(kMost)));
}

Result<void> SqlCertificates::touch(std::string_view address) {
  auto query = connection_.prepare(
      "INSERT INTO paraph_reader (address, number, cipher) VALUES (?1, (SELECT "
      "coalesce(max(number), 0) + 1 FROM paraph_reader), '') ON CONFLICT (address) DO UPDATE SET "
      "number = (SELECT max(number) + 1 FROM paraph_reader)");
  if (!query) return std::move(query).error();
  return ran(query->bind(address));
}

Result<void> SqlCertificates::put(const std::vector<CertificateRow>& rows) {
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return std::move(transaction).error();
  for (const auto& row : rows) {
    if (auto done = put_row(row); !done) return done;
    if (auto done = forget_oldest(row.address); !done) return done;
    if (auto done = touch(row.address); !done) return done;
  }
  return transaction->commit();
}

Result<std::optional<Capability>> SqlCertificates::capability(std::string_view sha256) {
  auto query =
      connection_.prepare("SELECT signing_time, stated FROM paraph_capability WHERE sha256 = ?");
  if (!query) return std::move(query).error();
  const auto row = query->bind(sha256).step();
  if (!row) return row.error();
  std::optional<Capability> out;
  if (*row) out = Capability{query->integer(0), query->text(1)};
  return out;
}

Result<bool> SqlCertificates::learn_capability(std::string_view address, std::string_view sha256,
                                               const Capability& capability) {
  if (capability.stated.empty()) return false;
  const auto known = this->capability(sha256);
  if (!known) return known.error();
  const bool changed = !*known || (*known)->stated != capability.stated;
  // A writer who posts all day costs one row a day.
  constexpr long long kDay = 24 * 3600;
  if (*known && capability.signing_time <= (*known)->signing_time + (changed ? 0 : kDay))
    return false;
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return std::move(transaction).error();
  auto query = connection_.prepare(
      "INSERT OR REPLACE INTO paraph_capability (sha256, signing_time, stated) VALUES (?, ?, ?)");
  if (!query) return std::move(query).error();
  query->bind(sha256).bind(std::int64_t{capability.signing_time}).bind(capability.stated);
  if (auto done = ran(*query); !done) return std::move(done).error();
  if (changed)
    if (auto done = touch(address); !done) return std::move(done).error();
  if (auto done = transaction->commit(); !done) return std::move(done).error();
  return changed;
}

Result<std::string> SqlCertificates::cipher_for(std::string_view address) {
  auto query = connection_.prepare("SELECT cipher FROM paraph_reader WHERE address = ?");
  if (!query) return std::move(query).error();
  const auto row = query->bind(address).step();
  if (!row) return row.error();
  return *row ? query->text(0) : std::string();
}

Result<void> SqlCertificates::set_cipher(std::string_view address, std::string_view cipher) {
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return std::move(transaction).error();
  if (auto done = touch(address); !done) return done;
  {
    auto query = connection_.prepare("UPDATE paraph_reader SET cipher = ? WHERE address = ?");
    if (!query) return std::move(query).error();
    if (auto done = ran(query->bind(cipher).bind(address)); !done) return done;
  }
  return transaction->commit();
}

}  // namespace paraph::store
