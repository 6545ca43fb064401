// What a distribution worker has resident at most (VmHWM) with a 10 MB encrypted post and 10,000
// members, through pipeline::send(); and without any post, for comparison.

#include <sys/stat.h>
#include <sys/wait.h>

#include <openssl/pem.h>

#include "bench.h"
#include "cms/keys.h"
#include "members.h"
#include "pipeline/distribution.h"
#include "smime/seal.h"
#include "spool/spool.h"
#include "sys/process.h"

using namespace paraph;
using bench::must;

namespace {

constexpr std::size_t kMembers = 10'000;
constexpr std::size_t kPost = 10'000'000;
const std::string kList = "secure@lists.example.org";

/// Takes everything, as a transport without latency would.
class Sink final : public delivery::Courier {
 public:
  explicit Sink(bool crlf) : crlf_(crlf), null_(::open("/dev/null", O_WRONLY | O_CLOEXEC)) {}
  Result<std::vector<delivery::DeliveryStatus>> deliver(const mail::Envelope& envelope,
                                                        const delivery::Content& message) override {
    bench::write_pieces(null_, message.front, message.tail);
    octets_ += message.size();
    std::vector<delivery::DeliveryStatus> out;
    for (const auto& path : envelope.forward_paths)
      out.push_back({path, delivery::Delivery::delivered, "250 thrown away"});
    return out;
  }
  [[nodiscard]] bool wants_crlf() const override { return crlf_; }
  [[nodiscard]] std::size_t octets() const { return octets_; }

 private:
  bool crlf_;
  int null_;
  std::size_t octets_ = 0;
};

/// Runs `work` in a process of its own; whatever it wrote to memory is gone then.
std::string in_child(const std::function<std::string()>& work) {
  int ends[2];
  must(::pipe(ends) == 0, "pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string said = work();
    must(::write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size()), "pipe");
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said;
  char buffer[256];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  must(::waitpid(child, &status, 0) == child && status == 0, "the child failed");
  return said;
}

long resident_peak_kb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0) return std::atol(line.c_str() + 6);
  bench::fail("no VmHWM");
}

spool::BulkSpool bulk_of(const config::Site& site) {
  return spool::BulkSpool(must(sys::open_root(site.spool_directory("bulk")), "spool"), 250);
}

void write_list_key(const std::string& directory) {
  const auto key = bench::p256_key();
  bench::write_file(directory + "/cert.pem", bench::certificate_pem(key.get(), kList, 0));
  const std::string path = directory + "/private_key";
  std::FILE* const file = std::fopen(path.c_str(), "w");
  must(file != nullptr &&
           PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
       "private key");
  std::fclose(file);
  ::chmod(path.c_str(), 0600);
}

/// A site with one list; its members' certificates; one encrypted post in packets.
void set_up(const std::string& programs, const bench::Scratch& scratch) {
  const std::string site_directory = scratch / "site";
  const std::string setup = fmt::format(
      "PATH={}:$PATH PARAPH_CONFIG={}/paraph.conf; export PATH PARAPH_CONFIG; exec >/dev/null "
      "2>&1; "
      "paraph site create {} --domain lists.example.org --listmaster listmaster@example.org && "
      "paraph list create secure --owner owner@example.org --type sealed",
      programs, site_directory, site_directory);
  must(std::system(setup.c_str()) == 0, "paraph site create");
  const auto site = must(config::Site::load(site_directory + "/paraph.conf"), "configuration");
  write_list_key(site_directory + "/list_data/secure");
  bench::write_file(site.path_of("cafile"), bench::authority_pem());
  const auto people =
      bench::make_people(kMembers, bench::rsa_key, site_directory + "/X509-user-certs");
  std::string body =
      "From: alice@example.org\nMessage-ID: <1@example.org>\nContent-Type: "
      "text/plain\n\n";
  while (body.size() < kPost) body += "A line of text of some sixty octets, as mail has.\n";
  const auto list_certificate =
      cms::Certificate::from_pem(
          must(sys::read_file(site_directory + "/list_data/secure/cert.pem", 1 << 20),
               "certificate"))
          .value()
          .front();
  const auto post =
      must(smime::encrypt_message(body, list_certificate, cms::ContentCipher::aes_256_cbc), "post");
  auto bulk = bulk_of(site);
  const spool::SpoolHeader header{
      .address = kList,
      .id = spool::QueueId::make(sys::SystemClock().now(), cms::random()),
      .received = sys::SystemClock().now(),
      .reverse_path = "secure-owner@lists.example.org",
      .kind = "post",
      .list = kList,
      .auth = "smime",
      .sealed = "yes"};
  std::size_t at = 0;
  const auto next = [&]() -> Result<std::vector<std::string>> {
    std::vector<std::string> some;
    for (; at < people.size() && some.size() < 250; ++at) some.push_back(people[at].address);
    return some;
  };
  must(must(bulk.enqueue(header, post, next), "enqueue") == kMembers, "not all were enqueued");
}

/// "PEAK OCTETS": sends what is pending.
std::string distribute(const std::string& site_directory, bool crlf) {
  const auto site = must(config::Site::load(site_directory + "/paraph.conf"), "configuration");
  const auto database = must(store::Database::open(site.path_of("db_name")), "database");
  const auto directory = must(sys::open_root(site.path_of("ssl_cert_dir")), "certificates");
  const auto certificates = store::open_certificate_directory(directory);
  const auto recipients = store::open_recipients(directory, database->recipient_records());
  const sys::SystemClock clock;
  const auto log = sys::open_log("bench", false, sys::Level::alert);
  pipeline::Cache cache;
  const pipeline::Ports ports{site,
                              database->directory(),
                              *certificates,
                              *recipients,
                              database->ledger(),
                              database->alarms(),
                              database->guard(),
                              database->certificate_memory(),
                              database->notices(),
                              database->decision_keys(),
                              clock,
                              cms::random(),
                              cms::digest(),
                              *log,
                              cache};
  auto bulk = bulk_of(site);
  Sink sink(crlf);
  for (const auto& packet : must(bulk.pending(clock.now()), "pending")) {
    auto claim = must(bulk.claim(packet), "claim");
    must(claim.has_value(), "claim");
    must(pipeline::send(std::move(*claim), bulk, sink, ports) == pipeline::Sent::done,
         "a packet was not sent");
  }
  return fmt::format("{} {}", resident_peak_kb(), sink.octets());
}

void measure(const std::string& programs, bool crlf, std::string_view name) {
  const bench::Scratch scratch;
  const std::string idle = in_child([&] {
    (void)cms::digest().sha256("");  // OpenSSL is up
    return fmt::format("{}", resident_peak_kb());
  });
  (void)in_child([&] {
    set_up(programs, scratch);
    return std::string();
  });
  double took = 0;
  std::string said;
  took =
      bench::seconds([&] { said = in_child([&] { return distribute(scratch / "site", crlf); }); });
  const double peak = std::atof(said.c_str()) / 1e3;
  const double octets = std::atof(said.c_str() + said.find(' '));
  bench::row(fmt::format("resident memory, 10 MB post, 10,000 members, {}", name), "≤ 100 MB",
             fmt::format("{:.0f} MB", peak), fmt::format("{:.0f} copies/s", kMembers / took),
             fmt::format("{:.0f} MB without a post", std::atof(idle.c_str()) / 1e3),
             fmt::format("40 packets, {:.0f} GB out", octets / 1e9));
}

}  // namespace

int main() {
  sys::return_big_blocks();  // as paraph-distribute does
  const std::string programs =
      std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  measure(programs, true, "SMTP's form");
  measure(programs, false, "sendmail's form");
  return EXIT_SUCCESS;
}
