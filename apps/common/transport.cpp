#include "apps/common/transport.h"

#include "apps/common/runtime.h"

namespace paraph::app {

Result<std::unique_ptr<delivery::Courier>> open_transport(const config::Site& site,
                                                          const Clock& clock, Random& random) {
  auto courier = delivery::open_courier(site.get("transport"), site.domain(), clock, random);
  if (courier) return courier;
  return where_written(site, "transport", std::move(courier).error());
}

}  // namespace paraph::app
