#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/authorize.h"
#include "pipeline/incoming.h"

/// Why a mail ends as it does, by the very stages that decide, and without a trace of the question: give it ports of
/// something opened for reading, and a log that keeps nothing. The guard is neither asked nor told (security rule 8).
namespace paraph::pipeline {

/// How somebody only asks the stages.
struct Inquiry {
  /// After each stage that let the mail go on; may put a supposition in place of what was found.
  std::function<void(std::string_view stage, Item& item)> passed = {};
  std::string_view stage = {};  ///< the last one entered: the one that ended the journey
};
/// decide() without the guard, in decide.cpp. An Error names no stage; `inquiry` does.
[[nodiscard]] Result<outcome::Disposition> inquire(Item& item, const Ports& ports,
                                                   Inquiry& inquiry);

/// What the list's `send` is asked about this mail, from the stage `authorize` on; in decide.cpp.
[[nodiscard]] Question send_question(const Item& item);

/// What is to be taken for granted instead of what the mail shows.
struct Hypothesis {
  std::optional<std::string> sender = {};  ///< canonical; without a method, who has proven nothing
  std::optional<scenario::AuthMethod> method = {};
  spool::Word word = {};  ///< somebody's word about held mail
};

struct Explanation {
  Item item;
  std::string stage;                            ///< that ended it, or makes it wait
  std::optional<outcome::Disposition> ending;   ///< nullopt: it waits
  std::optional<Error> waits;                   ///< for this to be mended
  bool not_compiled = false;                    ///< it waits for the scenario
  std::optional<smime::Protection> found = {};  ///< what opening found; nullopt: it came not so far
  std::optional<scenario::Decision> unasked =
      {};  ///< of the rules, where the policy ended it before them
  [[nodiscard]] bool is_distributed() const {
    return ending && std::holds_alternative<outcome::Distribute>(*ending);
  }
};
[[nodiscard]] Explanation explain(const spool::SpoolHeader& header, const mail::MimeTree& tree,
                                  const Hypothesis& supposed, const Ports& ports);

/// What alone would have it distributed.
enum class Remedy : unsigned char { none, smime, membership, both };
[[nodiscard]] Remedy remedy_for(const Explanation& explained, const Ports& ports);

/// What one member would get now.
struct Copy {
  std::string member;
  std::string
      outcome;  ///< "sealed", "plain", "notice", "missed" (told less than a day ago), "failed"
  std::string cipher;  ///< of a sealed one
  std::string why;     ///< of any other but plain: "expired"
  std::string detail;
};
struct Reach {
  std::size_t all = 0;
  std::map<std::string, std::size_t> outcomes, ciphers, problems;
};
/// Of a distribution, members in order; memory stays flat in their number. `each` may be empty.
[[nodiscard]] Result<Reach> reach_of(const outcome::Distribute& distribution,
                                     const config::ListConfig& config, const Ports& ports,
                                     const std::function<void(const Copy&)>& each);

}  // namespace paraph::pipeline
