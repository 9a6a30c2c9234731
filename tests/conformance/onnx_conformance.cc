// Runs ONNX's own node cases through importer and reference: onnx_conformance CASES.txt FOLDER [EXPECTED.txt]
// EXPECTED.txt has the lines "passed N" and "skipped N": fewer passes or more skips than that fail, as one failure
// does. CASES.txt has lines "Op<TAB>case"; FOLDER holds a folder per case (PyPI onnx: onnx/backend/test/data/node).
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "testing/onnx_case.h"

namespace {

/// The number after `what`; -1 where the file has none.
int expected(const char* file, const std::string& what) {
  std::ifstream lines(file);
  std::string word;
  for (int number = 0; lines >> word;)
    if (word == what && lines >> number) return number;
  return -1;
}

bool as_expected(const char* file, int passed, int skipped) {
  const int least = expected(file, "passed"), most = expected(file, "skipped");
  if (least < 0 || most < 0) return std::printf("%s: no lines \"passed N\" and \"skipped N\"\n", file), false;
  if (passed >= least && skipped <= most) return true;
  std::printf("FAILED: at least %d passed and at most %d skipped are expected (%s)\n", least, most, file);
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4)
    return std::fprintf(stderr, "usage: onnx_conformance CASES.txt FOLDER [EXPECTED.txt]\n"), 2;
  const std::filesystem::path folder = argv[2];
  std::ifstream lines(argv[1]);
  int passed = 0;
  int absent = 0;
  int failed = 0;
  std::map<std::string, std::pair<int, std::string>> skipped;  // by op: how many, and one reason
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string op;
    std::string name;
    if (!(fields >> op >> name)) continue;
    if (!std::filesystem::exists(folder / name)) {
      ++absent;
      continue;
    }
    const fovea::CaseResult result = fovea::run_onnx_case(folder / name);
    using Verdict = fovea::CaseResult::Verdict;
    if (result.verdict == Verdict::kPassed) ++passed;
    if (result.verdict == Verdict::kSkipped) {
      ++skipped[op].first;
      skipped[op].second = name + ": " + result.reason;
    }
    if (result.verdict == Verdict::kFailed) {
      ++failed;
      std::printf("FAILED %s (%s): %s\n", name.c_str(), op.c_str(), result.reason.c_str());
    }
  }
  int skips = 0;
  for (const auto& [op, entry] : skipped) {
    std::printf("skipped %2d of %-22s %s\n", entry.first, op.c_str(), entry.second.c_str());
    skips += entry.first;
  }
  std::printf("onnx node cases: %d passed, %d skipped, %d failed, %d not in this folder\n", passed, skips, failed,
              absent);
  return failed == 0 && passed > 0 && (argc < 4 || as_expected(argv[3], passed, skips)) ? 0 : 1;
}
