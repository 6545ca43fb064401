#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/connection.h"

/// Tables: Sympa's, made where they are missing and never altered; ours, by numbered migrations.
/// For this module only.
namespace paraph::store {

/// One step of our schema. Steps are numbered from 1 in order; a published step never changes.
struct Migration {
  std::string_view what;
  std::string_view sql;
};
[[nodiscard]] const std::vector<Migration>& migrations();

/// Makes Sympa's missing tables and runs the steps that the file has not had, all or nothing.
/// Refuses a file that has had more steps than there are.
[[nodiscard]] Result<void> bring_up_to_date(Connection& connection,
                                            const std::vector<Migration>& steps);
/// Steps that this program knows.
[[nodiscard]] int current_schema();
/// The refusal of a file that has had more.
[[nodiscard]] Error too_new(const Connection& connection, int version);
/// Steps the file has had; 0 for a file without our tables.
[[nodiscard]] Result<int> schema_version(Connection& connection);

}  // namespace paraph::store
