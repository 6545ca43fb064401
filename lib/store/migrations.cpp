#include "store/schema.h"

namespace paraph::store {

const std::vector<Migration>& migrations() {
  static const std::vector<Migration> steps = {
      {"the ledger", R"sql(
CREATE TABLE paraph_mail (
  id text NOT NULL PRIMARY KEY,
  list text NOT NULL,
  from_address text NOT NULL,
  outcome text NOT NULL,
  reason text NOT NULL,
  mta_id text NOT NULL,
  size integer NOT NULL,
  received integer NOT NULL
) WITHOUT ROWID;
CREATE INDEX paraph_mail_received ON paraph_mail (received, id);
CREATE TABLE paraph_copy (
  mail_id text NOT NULL,
  member text NOT NULL,
  outcome text NOT NULL,
  certificate text NOT NULL,
  cipher text NOT NULL,
  reply text NOT NULL,
  PRIMARY KEY (mail_id, member)
) WITHOUT ROWID;
)sql"},
      {"the ledger by Message-ID, list, sender and member", R"sql(
ALTER TABLE paraph_mail ADD COLUMN message_id text NOT NULL DEFAULT '';
CREATE INDEX paraph_mail_message_id ON paraph_mail (message_id, received, id);
CREATE INDEX paraph_mail_list ON paraph_mail (list, received, id);
CREATE INDEX paraph_mail_from ON paraph_mail (from_address, received, id);
CREATE INDEX paraph_copy_member ON paraph_copy (member, mail_id);
)sql"},
      {"recipients ready for sealing", R"sql(
CREATE TABLE paraph_recipient (
  address text NOT NULL PRIMARY KEY,
  record blob NOT NULL
) WITHOUT ROWID;
)sql"},
      {"alarms until they are told", R"sql(
CREATE TABLE paraph_alarm (
  number integer PRIMARY KEY,
  at integer NOT NULL,
  kind text NOT NULL,
  subject text NOT NULL,
  mail_id text NOT NULL,
  reason text NOT NULL,
  told integer NOT NULL,
  UNIQUE (kind, subject, mail_id)
);
CREATE INDEX paraph_alarm_told ON paraph_alarm (told, number);
)sql"},
      {"the replay guard", R"sql(
CREATE TABLE paraph_guard (
  number integer PRIMARY KEY,
  key blob NOT NULL,
  place text NOT NULL,
  mail_id text NOT NULL,
  same blob NOT NULL,
  at integer NOT NULL,
  expires integer NOT NULL,
  UNIQUE (key, place)
);
CREATE INDEX paraph_guard_expires ON paraph_guard (expires);
)sql"},
      {"the memory of certificates, and who missed what", R"sql(
CREATE TABLE paraph_certificate (
  address text NOT NULL,
  sha256 text NOT NULL,
  slot text NOT NULL,
  der blob NOT NULL,
  issuers text NOT NULL,
  source text NOT NULL,
  message_id text NOT NULL,
  mail_id text NOT NULL,
  learned_at integer NOT NULL,
  not_before integer NOT NULL,
  not_after integer NOT NULL,
  state text NOT NULL,
  pinned integer NOT NULL,
  PRIMARY KEY (address, sha256)
) WITHOUT ROWID;
CREATE TABLE paraph_reader (
  address text NOT NULL PRIMARY KEY,
  number integer NOT NULL,
  cipher text NOT NULL
) WITHOUT ROWID;
CREATE INDEX paraph_reader_number ON paraph_reader (number);
CREATE TABLE paraph_capability (
  sha256 text NOT NULL PRIMARY KEY,
  signing_time integer NOT NULL,
  stated text NOT NULL
) WITHOUT ROWID;
CREATE TABLE paraph_notice (
  address text NOT NULL,
  list text NOT NULL,
  kind text NOT NULL,
  sent integer NOT NULL,
  mail_id text NOT NULL,
  PRIMARY KEY (address, list, kind)
) WITHOUT ROWID;
CREATE TABLE paraph_missed (
  address text NOT NULL,
  list text NOT NULL,
  mail_id text NOT NULL,
  at integer NOT NULL,
  reason text NOT NULL,
  PRIMARY KEY (address, list, mail_id)
) WITHOUT ROWID;
CREATE INDEX paraph_missed_mail ON paraph_missed (mail_id);
)sql"},
      {"keys that authorize a decision by mail", R"sql(
CREATE TABLE paraph_key (
  sha256 text NOT NULL PRIMARY KEY,
  item text NOT NULL,
  list text NOT NULL,
  recipient text NOT NULL,
  action text NOT NULL,
  request text NOT NULL,
  expires integer NOT NULL
) WITHOUT ROWID;
)sql"},
  };
  return steps;
}

}  // namespace paraph::store
