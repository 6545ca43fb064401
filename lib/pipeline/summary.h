#pragma once

#include "base/result.h"
#include "pipeline/ports.h"
#include "spool/spool.h"

namespace paraph::pipeline {

/// After the last copy of an encrypted post has ended: if somebody got none, one mail to each owner (to the listmasters of
/// a list without) says who and why. The author gets one only under security rule 30: proven by `smime` or `md5`, and
/// allowed to see the members (`review` is do_it), sealed if his certificate serves. Named after the post, so that a
/// repeat tells nobody twice. Never the Subject.
[[nodiscard]] Result<void> send_summary(const spool::SpoolHeader& post, spool::BulkSpool& bulk,
                                        const Ports& ports);

}  // namespace paraph::pipeline
