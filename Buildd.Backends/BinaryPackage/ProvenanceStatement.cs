using System.Globalization;
using System.Text.Json;

namespace Buildd.Backends.BinaryPackage;

/// <summary>
/// Where packages came from: a statement of the in-toto attestation framework, version 1
/// (https://github.com/in-toto/attestation/tree/main/spec/v1), whose predicate is SLSA's provenance, version 1
/// (https://slsa.dev/spec/v1.0/provenance). It is not signed: whoever fetched it from this builder may do that.
/// </summary>
internal sealed record ProvenanceStatement
{
    internal const string StatementType = "https://in-toto.io/Statement/v1";
    internal const string PredicateType = "https://slsa.dev/provenance/v1";

    /// <summary>What the parameters mean: <c>docs/protocol.md</c>.</summary>
    internal const string BuildType = "urn:buildd:build:binarypackage:1";

    /// <summary>The name of the result.</summary>
    internal const string FileName = "provenance.json";

    /// <summary>What was built.</summary>
    internal required IReadOnlyList<FileDigests> Results { get; init; }

    /// <summary>What it was built from: the sources, the chroot, the archives.</summary>
    internal required IReadOnlyList<FileDigests> Inputs { get; init; }

    /// <summary>What the master asked for.</summary>
    internal required PackageRequest Request { get; init; }

    /// <summary>The fingerprints of the keys that the master sent.</summary>
    internal required IReadOnlyList<string> TrustedKeys { get; init; }

    /// <summary>The variable of that name as the build saw it; null when it was not set.</summary>
    internal string? DebBuildOptions { get; init; }

    /// <summary>The builder's name.</summary>
    internal required string BuilderName { get; init; }

    /// <summary>The version of its program.</summary>
    internal required string BuilderVersion { get; init; }

    /// <summary>The master's name for the build.</summary>
    internal required string BuildId { get; init; }

    /// <summary>When its first phase began.</summary>
    internal required DateTimeOffset Started { get; init; }

    /// <summary>When its results were complete.</summary>
    internal required DateTimeOffset Finished { get; init; }

    /// <summary>Writes it as one line of JSON.</summary>
    internal async Task WriteAsync(Stream stream, CancellationToken cancellationToken)
    {
        var json = new Utf8JsonWriter(stream);
        await using var closing = json.ConfigureAwait(false);
        json.WriteStartObject();
        json.WriteString("_type", StatementType);
        WriteFiles(json, "subject", Results);
        json.WriteString("predicateType", PredicateType);
        json.WriteStartObject("predicate");
        WriteDefinition(json);
        WriteDetails(json);
        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private void WriteDefinition(Utf8JsonWriter json)
    {
        var system = Request.System;
        json.WriteStartObject("buildDefinition");
        json.WriteString("buildType", BuildType);
        json.WriteStartObject("externalParameters");
        json.WriteString("dsc", Request.Dsc);
        json.WriteString("series", system.Series);
        json.WriteString("suite", Request.Suite);
        json.WriteString("arch_tag", system.Architecture);
        json.WriteString("ogrecomponent", Request.Arguments.Component);
        json.WriteString("archive_purpose", Request.Purpose);
        json.WriteBoolean("arch_indep", Request.Arguments.ArchIndep);
        json.WriteBoolean("build_debug_symbols", Request.Arguments.BuildDebugSymbols);
        if (system.Archives is { } archives)
            WriteTexts(json, "archives", archives.Select(line => line.ToString()));
        WriteTexts(json, "trusted_keys", TrustedKeys);
        json.WriteEndObject();
        json.WriteStartObject("internalParameters");
        if (DebBuildOptions is not null)
            json.WriteString("DEB_BUILD_OPTIONS", DebBuildOptions);
        json.WriteEndObject();
        WriteFiles(json, "resolvedDependencies", Inputs);
        json.WriteEndObject();
    }

    private void WriteDetails(Utf8JsonWriter json)
    {
        json.WriteStartObject("runDetails");
        json.WriteStartObject("builder");
        json.WriteString("id", $"urn:buildd:builder:{Uri.EscapeDataString(BuilderName)}");
        json.WriteStartObject("version");
        json.WriteString("buildd-slave", BuilderVersion);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject("metadata");
        json.WriteString("invocationId", BuildId);
        json.WriteString("startedOn", Text(Started));
        json.WriteString("finishedOn", Text(Finished));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteFiles(Utf8JsonWriter json, string name, IEnumerable<FileDigests> files)
    {
        json.WriteStartArray(name);
        foreach (var file in files)
        {
            json.WriteStartObject();
            json.WriteString("name", file.Name);
            if (file.Uri is not null)
                json.WriteString("uri", file.Uri);
            json.WriteStartObject("digest");
            json.WriteString("sha256", file.Sha256);
            if (file.Sha1 is { } sha1)
                json.WriteString("sha1", sha1.ToString());
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    /// <summary>RFC 3339 in UTC, which is what the framework calls a Timestamp.</summary>
    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
