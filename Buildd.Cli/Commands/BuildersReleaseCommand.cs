using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Linux.Text;
using Buildd.Master.Builders;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm builders release</c>: gives builders back that belong to a run which is no more.</summary>
internal static class BuildersReleaseCommand
{
    internal static Command Create()
    {
        var names = new Argument<string[]>("NAME") { Description = "The builders.", Arity = ArgumentArity.ZeroOrMore };
        var all = new Option<bool>("--all") { Description = "All builders that belong to a run." };
        var force = new Option<bool>("--force") { Description = "Also those of a run that lives. It loses what they build." };
        var json = Listing.JsonOption();
        var command = new Command(
            "release",
            "Give builders back that belong to a 'run' which was killed, for another 'run' to take at once. "
            + "Those of a run that lives are refused.") { names, all, force, json };
        command.Validators.Add(result =>
        {
            if (result.GetResult(names) is { Tokens.Count: > 0 } == result.GetResult(all) is { Implicit: false })
                result.AddError("Either NAME or --all says which builders.");
        });
        return command.WithSession(async (session, parsed, stop) =>
        {
            var builders = await session.Store.Builders.ListAsync(stop);
            builders = parsed.GetValue(all)
                ? [.. builders.Where(builder => builder.LeaseOwner is not null)]
                : [.. parsed.GetValue(names)!.Distinct().Select(
                    name => builders.FirstOrDefault(builder => builder.Name == name) ?? throw BuildersCommand.NoBuilder(name))];
            var released = new List<Release>();
            foreach (var builder in builders)
                released.Add(await ReleaseAsync(session, builder, parsed.GetValue(force), stop));
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, released, Write);
            else
                await TellAsync(session, released);
            return released.Exists(one => one.IsRefused) ? FarmExitCode.Failed : FarmExitCode.Done;
        });
    }

    private static async Task<Release> ReleaseAsync(
        FarmSession session, Builder builder, bool isForced, CancellationToken cancellationToken)
    {
        if (builder.LeaseOwner is not { } owner)
            return new Release(builder, IsAlive: null, IsReleased: false);
        var isAlive = session.Runs.IsAlive(owner);
        var released = (isAlive != true || isForced) && await session.Store.Builders.ReleaseAsync(builder.Name, owner, cancellationToken);
        return new Release(builder, isAlive, released);
    }

    private static async Task TellAsync(FarmSession session, List<Release> released)
    {
        foreach (var (builder, isAlive, isReleased) in released)
        {
            var owner = builder.LeaseOwner is null
                ? null
                : $"{Runs.Describe(builder.LeaseOwner)}, until {Listing.Text(builder.LeaseExpires)}";
            if (owner is null)
                await session.Output.WriteLineAsync($"{builder.Name} belongs to no run");
            else if (isReleased)
                await session.Output.WriteLineAsync(Printable.Text($"{builder.Name} is given back; it belonged to {owner}"));
            else if (isAlive == true)
                await session.Error.WriteLineAsync(Printable.Text(
                    $"{builder.Name} belongs to a run that lives ({owner}) and was not given back: stop that run, or add --force"));
            else
                await session.Output.WriteLineAsync(Printable.Text($"{builder.Name} has changed hands meanwhile; it belonged to {owner}"));
        }
    }

    private static void Write(System.Text.Json.Utf8JsonWriter json, Release release)
    {
        json.WriteStartObject();
        json.WriteString("name", release.Builder.Name);
        json.WriteString("lease_owner", release.Builder.LeaseOwner);
        if (release.Builder.LeaseExpires is { } expires)
            json.WriteString("lease_expires", expires);
        else
            json.WriteNull("lease_expires");
        if (release.IsAlive is { } isAlive)
            json.WriteBoolean("alive", isAlive);
        else
            json.WriteNull("alive");
        json.WriteBoolean("released", release.IsReleased);
        json.WriteEndObject();
    }

    /// <param name="Builder">The builder as it was.</param>
    /// <param name="IsAlive">Whether the run that had it lives; null when nothing shows it.</param>
    /// <param name="IsReleased">Whether it was given back.</param>
    private sealed record Release(Builder Builder, bool? IsAlive, bool IsReleased)
    {
        internal bool IsRefused => IsAlive == true && !IsReleased;
    }
}
