using Buildd.Master.Builders;
using Buildd.Master.Builds;

namespace Buildd.Master.Choosing;

/// <summary>A build that a builder was given: both as they are stored.</summary>
/// <param name="Builder">The builder, marked dirty.</param>
/// <param name="Build">The build, on that builder.</param>
internal sealed record Assignment(Builder Builder, Build Build);
