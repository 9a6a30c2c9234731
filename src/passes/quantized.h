#pragma once

#include <optional>

#include "graph/graph.h"

namespace fovea {

/// Questions about typed graphs, where a quantisation is part of a value's type and an identity converts.

/// Whether the graph holds quantize or dequantize nodes: a model that came quantised.
bool is_quantized(const Graph& graph);

bool is_stored8(const Value& value);  ///< s8, u8 or f8 that stand for real numbers, one scale for all
bool is_plain_f32(const Value& value);

/// q where `real` = identity(q) in f32; kNoValue otherwise.
ValueId stored_source(const Graph& graph, const GraphIndex& index, ValueId real);

/// The identities that are the only users of `real` and all make one type; empty where there is any other use.
std::vector<std::size_t> only_converted(const Graph& graph, const GraphIndex& index, ValueId real);

/// Node i makes directly what its converters make: they go, and their users read its output.
void take_over(Graph& graph, std::size_t i, const std::vector<std::size_t>& converters);

/// Nodes with one data input that hand elements on without computing: conversion commutes with them exactly.
bool moves_elements(const Op& op);

}  // namespace fovea
