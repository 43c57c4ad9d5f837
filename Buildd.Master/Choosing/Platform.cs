using Buildd.Master.Builders;
using Buildd.Master.Builds;

namespace Buildd.Master.Choosing;

/// <summary>What a build asks of a builder: builds that ask for the same are looked at together.</summary>
internal readonly record struct Demand(string Manager, string? Processor, bool Virtualized, string Resources)
{
    public static Demand Of(Build build) => new(build.Manager, build.Processor, build.Virtualized, string.Join(' ', build.Resources));

    /// <summary>Why a builder can't have it, in a few words; null when it can.</summary>
    public string? Mismatch(Builder builder)
    {
        if (Processor is not null && !builder.Processors.Contains(Processor))
            return $"has no processor {Processor}";
        if (Virtualized != builder.Virtualized)
            return Virtualized ? "is not virtual" : "is virtual";
        if (builder.UnableTo.Contains(Manager))
            return $"can't build a {Manager}";
        var words = Resources.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (Array.Find(words, word => !builder.OpenResources.Contains(word) && !builder.RestrictedResources.Contains(word)) is { } missing)
            return $"has no {missing}";
        return builder.RestrictedResources.FirstOrDefault(word => !words.Contains(word)) is { } kept
            ? $"is kept for builds that need {kept}"
            : null;
    }

    public bool Fits(Builder builder) => Mismatch(builder) is null;

    /// <summary>The demand in words, for people.</summary>
    public override string ToString() =>
        $"a {(Virtualized ? "virtual " : "")}builder with {Processor ?? "any processor"}"
        + (Resources.Length > 0 ? $" and {Resources}" : "") + $" for {Manager}";
}

/// <summary>What a builder offers, as one text: builders that offer the same are given work together.</summary>
internal static class Platform
{
    private const char Between = '\u001f';

    public static string Of(Builder builder) => string.Join(Between,
    [
        builder.Virtualized ? "v" : "n", .. builder.Processors, "|", .. builder.OpenResources, "|", .. builder.RestrictedResources,
        "|", .. builder.UnableTo,
    ]);
}
