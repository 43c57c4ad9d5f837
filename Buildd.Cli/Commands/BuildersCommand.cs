using System.CommandLine;
using Buildd.Farm.Store;
using Buildd.Linux.Files;
using Buildd.Master.Builders;
using Buildd.Master.Connections;
using Buildd.Protocol.Client;
using Buildd.Protocol.Secrets;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm builders</c>: which slaves the farm has, and whether they are well.</summary>
internal static class BuildersCommand
{
    /// <summary>How long each call of a check may take.</summary>
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(15);

    internal static Command Create() =>
        new("builders", "The farm's builders: slaves that it hands builds to.")
        {
            List(), Add(), Set(), Remove(), Check(), BuildersReleaseCommand.Create(),
        };

    private static Command List()
    {
        var json = Listing.JsonOption();
        return new Command("list", "List the builders.") { json }.WithSession(async (session, parsed, stop) =>
        {
            var builders = await session.Store.Builders.ListAsync(stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, builders, RecordJson.Write);
            else
                Listing.WriteTable(
                    session.Output, ["NAME", "URL", "PROCESSORS", "STATE", "CLEAN", "FAILURES", "NOTES"], builders.Select(Row));
            return FarmExitCode.Done;
        });
    }

    private static Command Add()
    {
        var name = NameArgument();
        var url = new Argument<string>("URL") { Description = "Its slave's address, such as http://builder1:8221/." };
        var options = new BuilderOptions();
        var command =
            new Command("add", "Add a builder. It is given work as soon as it is clean, unless --manual yes says otherwise.") { name, url };
        options.AddTo(command);
        return command.WithSession(async (session, parsed, stop) =>
        {
            if (FileName.FindMistake(parsed.GetValue(name)!) is { } mistake)
                throw BuildChecks.Wrong($"{FileName.Display(parsed.GetValue(name)!)} is no name of a builder: {mistake}");
            var builder = Checked(() => options.Apply(parsed, new Builder
            {
                Name = parsed.GetValue(name)!,
                Url = BuilderOptions.ParseUrl(parsed.GetValue(url)!),
                Manual = false,
            }, session.Time));
            if (await session.Store.Builders.TryAddAsync(builder, stop) is null)
                throw new FarmException($"there is a builder {builder.Name} already: change it with 'builders set', or take another name");
            return FarmExitCode.Done;
        }, makesStore: true);
    }

    private static Command Set()
    {
        var name = NameArgument();
        var url = new Option<string?>("--url") { Description = "Its slave's address.", HelpName = "URL" };
        var service = BuilderOptions.YesNo("--in-service", "Put it in service, its failures forgotten, or take it out.");
        var notes = new Option<string?>("--notes") { Description = "Why it is out of service, for people.", HelpName = "TEXT" };
        var options = new BuilderOptions();
        var command = new Command("set", "Change a builder. What is not given stays.") { name, url, service, notes };
        options.AddTo(command);
        return command.WithSession(async (session, parsed, stop) =>
        {
            await ChangeAsync(session.Store.Builders, parsed.GetValue(name)!, builder =>
            {
                if (parsed.GetValue(url) is { } address)
                    builder = builder with { Url = BuilderOptions.ParseUrl(address) };
                builder = parsed.GetValue(service) switch
                {
                    BuilderOptions.Yes => builder.BackInService(session.Time.GetUtcNow()),
                    not null => builder.OutOfService(parsed.GetValue(notes) ?? "taken out of service by hand"),
                    null => parsed.GetValue(notes) is { } text ? builder with { FailNotes = text } : builder,
                };
                return options.Apply(parsed, builder, session.Time);
            }, stop);
            return FarmExitCode.Done;
        });
    }

    private static Command Remove()
    {
        var name = NameArgument();
        return new Command("remove", "Remove a builder. What it builds goes back into the queue.") { name }
            .WithSession(async (session, parsed, stop) =>
            await session.Store.Builders.RemoveAsync(parsed.GetValue(name)!, stop)
                ? FarmExitCode.Done
                : throw NoBuilder(parsed.GetValue(name)!));
    }

    private static Command Check()
    {
        var names = new Argument<string[]>("NAME") { Description = "The builders; all by default.", Arity = ArgumentArity.ZeroOrMore };
        var json = Listing.JsonOption();
        return new Command(
            "check", "Ask builders' slaves what they are and do. Changes nothing; ends with 2 if one is not well.") { names, json }
                .WithSession(async (session, parsed, stop) =>
        {
            var builders = await session.Store.Builders.ListAsync(stop);
            if (parsed.GetValue(names) is { Length: > 0 } wanted)
                builders = [.. wanted.Select(name => builders.FirstOrDefault(builder => builder.Name == name) ?? throw NoBuilder(name))];
            using var connections = new SlaveConnections(session.Configuration.SlaveKeys, CheckTimeout);
            var checks = await Task.WhenAll(builders.Select(builder => CheckAsync(connections, builder, stop)));
            if (parsed.GetValue(json))
            {
                Listing.WriteJson(session.Output, checks, (writer, check) =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("name", check.Builder.Name);
                    writer.WriteBoolean("well", check.Mistake is null);
                    writer.WriteString("mistake", check.Mistake);
                    writer.WriteString("status", check.Status);
                    writer.WriteString("build", check.BuildId);
                    writer.WriteEndObject();
                });
            }
            else
            {
                Listing.WriteTable(session.Output, ["NAME", "WELL", "STATUS", "BUILD", "MISTAKE"], checks.Select(
                    check => (IReadOnlyList<string>)
                    [check.Builder.Name, check.Mistake is null ? "yes" : "no", check.Status ?? "-", check.BuildId ?? "-",
                        check.Mistake ?? ""]));
            }

            return Array.TrueForAll(checks, check => check.Mistake is null) ? FarmExitCode.Done : FarmExitCode.NotWell;
        });
    }

    private static async Task<Finding> CheckAsync(SlaveConnections connections, Builder builder, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(CheckTimeout);
        try
        {
            var slave = connections.Connect(builder, CheckTimeout);
            var info = await slave.InfoAsync(limit.Token);
            var status = await slave.StatusAsync(limit.Token);
            var mistake = builder.Processors.Count > 0 && !builder.Processors.Contains(info.ArchitectureTag)
                ? $"it is {info.ArchitectureTag}, and its record has {string.Join(' ', builder.Processors)}"
                : null;
            return new Finding(builder, mistake, status.Status.ToString().ToUpperInvariant(), status.BuildId);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Finding(builder, $"no answer within {CheckTimeout.TotalSeconds:0} s", null, null);
        }
        catch (ArgumentException e)
        {
            return new Finding(builder, e.Message, null, null); // its address
        }
        catch (Exception e) when (e is SlaveException or SlaveKeyException)
        {
            return new Finding(builder, SlaveConnections.Explain(builder, e), null, null);
        }
    }

    private static async Task ChangeAsync(
        BuilderRecords builders, string name, Func<Builder, Builder> change, CancellationToken cancellationToken)
    {
        try
        {
            _ = await builders.ChangeAsync(name, builder => Checked(() => change(builder)), cancellationToken) ?? throw NoBuilder(name);
        }
        catch (TimeoutException e)
        {
            throw new FarmException($"{e.Message} Try again.", e) { ExitCode = FarmExitCode.Busy };
        }
    }

    /// <summary>The records check what they are given; here that is what a person typed.</summary>
    private static Builder Checked(Func<Builder> make)
    {
        try
        {
            return make();
        }
        catch (ArgumentException e)
        {
            throw new FarmException(e.Message.Split(" (Parameter")[0], e) { ExitCode = FarmExitCode.Usage };
        }
    }

    private static Argument<string> NameArgument() => new("NAME") { Description = "The builder's name." };

    internal static FarmException NoBuilder(string name) =>
        FarmException.NotFound($"there is no builder {FileName.Display(name)}; 'buildd-farm builders list' shows those that there are");

    private static IReadOnlyList<string> Row(Builder builder) =>
    [
        builder.Name,
        UrlCredentials.Without(builder.Url.OriginalString),
        builder.Processors.Count == 0 ? "any" : string.Join(',', builder.Processors),
        builder switch { { InService: false } => "out of service", { Manual: true } => "manual", _ => "in service" },
        builder.Clean.ToString().ToLowerInvariant(),
        Listing.Text(builder.Failures),
        builder.FailNotes ?? "",
    ];

    private sealed record Finding(Builder Builder, string? Mistake, string? Status, string? BuildId);
}
