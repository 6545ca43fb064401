#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cms/certificate.h"
#include "config/site.h"
#include "pipeline/ports.h"

/// Who of a list can read a sealed post.
namespace paraph::pipeline {

struct ReaderState {
  std::string address;
  bool member = true;  ///< who gets copies
  bool editor = false;
  bool reads = false;
  std::string problem, detail, brief;           ///< as in store::SealTarget
  std::optional<TimePoint> until;               ///< when it reads: the certificate's end
  std::optional<cms::Certificate> certificate;  ///< when it reads
  std::size_t missed = 0;                       ///< posts of this list
  long long asked = 0;                          ///< epoch of the last notice or reminder, 0: never
};
/// Receiving members by address, then editors who are none.
[[nodiscard]] Result<std::vector<ReaderState>> reader_states(const config::ListConfig& config,
                                                             const Ports& ports);

/// How many of the receiving members a copy could be sealed for now.
struct Coverage {
  std::size_t able = 0, all = 0;
  [[nodiscard]] bool reaches(long long percent) const {
    return static_cast<long long>(able) * 100 >= percent * static_cast<long long>(all);
  }
};
[[nodiscard]] Result<Coverage> coverage_of(const config::ListConfig& config, const Ports& ports);

}  // namespace paraph::pipeline
