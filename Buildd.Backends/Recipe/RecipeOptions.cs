using Buildd.Backends.DebianBuilds;

namespace Buildd.Backends.Recipe;

/// <summary>How this machine builds recipes.</summary>
public sealed record RecipeOptions : DebianBuildOptions;
