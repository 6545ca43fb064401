#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "list/list.h"

namespace paraph::list {
namespace {

constexpr std::size_t max_name = 50;    // Sympa's column widths: list_subscriber,
constexpr std::size_t max_domain = 80;  // robot_subscriber
constexpr std::array<std::string_view, 5> reserved_suffixes = {"-request", "-owner", "-editor",
                                                               "-subscribe", "-unsubscribe"};

bool good_name(std::string_view name) {
  if (name.empty() || name.size() > max_name || !ascii::is_alnum(name.front())) return false;
  const auto fits = [](char c) {
    return ascii::is_alnum(c) || std::string_view(".+_-").find(c) != std::string_view::npos;
  };
  if (!std::all_of(name.begin(), name.end(), fits)) return false;
  return std::none_of(reserved_suffixes.begin(), reserved_suffixes.end(),
                      [&](std::string_view suffix) { return name.ends_with(suffix); });
}

// Two labels at least, none empty: as a directory name it can neither climb nor hide.
bool good_domain(std::string_view domain) {
  if (domain.empty() || domain.size() > max_domain || domain.find('.') == std::string_view::npos)
    return false;
  if (domain.front() == '.' || domain.back() == '.' || domain.find("..") != std::string_view::npos)
    return false;
  const auto fits = [](char c) { return ascii::is_alnum(c) || c == '-' || c == '_' || c == '.'; };
  return std::all_of(domain.begin(), domain.end(), fits);
}

}  // namespace

std::optional<ListAddress> ListAddress::parse(std::string_view name, std::string_view domain) {
  std::string lower_name = ascii::to_lower(name);
  std::string lower_domain = ascii::to_lower(domain);
  if (!good_name(lower_name) || !good_domain(lower_domain)) return std::nullopt;
  return ListAddress(std::move(lower_name), std::move(lower_domain));
}

}  // namespace paraph::list
