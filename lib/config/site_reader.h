#pragma once

#include <string>
#include <string_view>

#include "config/site.h"
#include "config/site_grammar.h"

namespace paraph::config {

/// Fills a Site from its files; for this module only.
class SiteReader {
 public:
  /// A whole site from disk.
  [[nodiscard]] static Result<Site> load(const std::string& path);
  [[nodiscard]] static Result<Site> parse(std::string_view text, const std::string& path);

 private:
  enum class Origin : unsigned char { ours, sympa, robot };
  [[nodiscard]] Result<Site::Values> read(std::string_view text, const std::string& file,
                                          Origin origin);
  [[nodiscard]] Result<void> take(const SiteLine& line, Origin origin, Site::Values& values);
  [[nodiscard]] bool tells_of_effects(Origin origin) const;
  [[nodiscard]] bool accepts(std::string_view name, Origin origin);
  void read_over(const Site::Values& values);
  [[nodiscard]] Result<void> read_sympa();
  [[nodiscard]] Result<void> read_robots();
  [[nodiscard]] Result<void> read_robot(const std::string& domain, const std::string& file);
  [[nodiscard]] Result<void> check();
  [[nodiscard]] Result<void> check_listmasters();
  void warn(std::string message);
  void warn(Warning warning);  ///< at the present place

  Site site_;
  std::string file_;
  std::size_t line_ = 0;
};

}  // namespace paraph::config
