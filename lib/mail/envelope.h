#pragma once

#include <string>
#include <vector>

namespace paraph::mail {

/// What the MTA says (RFC 5321 §2.3.1). An empty reverse_path is the null sender `<>`.
struct Envelope {
  std::string reverse_path;
  std::vector<std::string> forward_paths;
};

}  // namespace paraph::mail
