using Buildd.Master.Builders;

namespace Buildd.Farm.Store;

/// <summary>A row of the table <c>builder</c>: what a column holds, before it means anything.</summary>
internal sealed class BuilderRow
{
    public string Name { get; init; } = "";

    public long Revision { get; init; }

    public string Url { get; init; } = "";

    public string Processors { get; init; } = "";

    public long Virtualized { get; init; }

    public string? VmHost { get; init; }

    public long? VmResetProtocol { get; init; }

    public long InService { get; init; }

    public string? FailNotes { get; init; }

    public long Manual { get; init; }

    public long Failures { get; init; }

    public string? Version { get; init; }

    public long Clean { get; init; }

    public long? CleanChanged { get; init; }

    public string OpenResources { get; init; } = "";

    public string RestrictedResources { get; init; } = "";

    public string UnableTo { get; init; } = "";

    public string? LeaseOwner { get; init; }

    public long? LeaseExpires { get; init; }

    internal static BuilderRow Of(Builder builder) => new()
    {
        Name = builder.Name,
        Revision = builder.Revision,
        Url = builder.Url.OriginalString,
        Processors = StoreJson.Write(builder.Processors),
        Virtualized = builder.Virtualized ? 1 : 0,
        VmHost = builder.VmHost,
        VmResetProtocol = (long?)builder.VmResetProtocol,
        InService = builder.InService ? 1 : 0,
        FailNotes = builder.FailNotes,
        Manual = builder.Manual ? 1 : 0,
        Failures = builder.Failures,
        Version = builder.Version,
        Clean = (long)builder.Clean,
        CleanChanged = builder.CleanChanged?.UtcTicks,
        OpenResources = StoreJson.Write(builder.OpenResources),
        RestrictedResources = StoreJson.Write(builder.RestrictedResources),
        UnableTo = StoreJson.Write(builder.UnableTo),
        LeaseOwner = builder.LeaseOwner,
        LeaseExpires = builder.LeaseExpires?.UtcTicks,
    };

    internal Builder ToBuilder() => new()
    {
        Name = Name,
        Revision = Revision,
        Url = new Uri(Url),
        Processors = StoreJson.ReadWords(Processors),
        Virtualized = Virtualized != 0,
        VmHost = VmHost,
        VmResetProtocol = (VmResetProtocol?)VmResetProtocol,
        InService = InService != 0,
        FailNotes = FailNotes,
        Manual = Manual != 0,
        Failures = (int)Failures,
        Version = Version,
        Clean = (CleanState)Clean,
        CleanChanged = Times.Of(CleanChanged),
        OpenResources = StoreJson.ReadWords(OpenResources),
        RestrictedResources = StoreJson.ReadWords(RestrictedResources),
        UnableTo = StoreJson.ReadWords(UnableTo),
        LeaseOwner = LeaseOwner,
        LeaseExpires = Times.Of(LeaseExpires),
    };
}
