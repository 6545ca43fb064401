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
      {"recipients ready for sealing", R"sql(
CREATE TABLE paraph_recipient (
  address text NOT NULL PRIMARY KEY,
  record blob NOT NULL
) WITHOUT ROWID;
)sql"},
  };
  return steps;
}

}  // namespace paraph::store
