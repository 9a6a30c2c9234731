#include <cstdio>

#include "base/io/file.h"
#include "classifier/classifier.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    const auto classifier = fovea::Classifier::load(argv[1]);
    const fovea::Bytes photo = fovea::read_file(argv[2]);
    for (const auto& [index, label, p] : classifier.predict(photo).top()) std::printf("%s %.3f\n", label.c_str(), p);
  } catch (const fovea::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
