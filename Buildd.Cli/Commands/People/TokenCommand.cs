using System.CommandLine;
using Buildd.Farm.People;
using Buildd.Farm.Rights;

namespace Buildd.Cli.Commands.People;

/// <summary><c>buildd-farm token</c>: what programs show in people's names.</summary>
internal static class TokenCommand
{
    internal static Command Create(StoredNames stored) =>
        new("token", "The tokens of people: programs show them in their names.") { New(stored), List(stored), Revoke() };

    private static Command New(StoredNames stored)
    {
        var name = stored.Argument("NAME", "The name of the person in whose name it is shown.", isTeam: false);
        var consumer = new Option<string>("--consumer")
        {
            Description = "The program that it is for, as it calls itself to launchpadlib.",
            HelpName = "KEY",
            Required = true,
        };
        var level = new Option<string>("--level")
        {
            Description = "How much of what the person may do is open to it.",
            HelpName = string.Join('|', AccessLevelNames.All),
            Required = true,
        };
        level.AcceptOnlyFromAmong([.. AccessLevelNames.All]);
        var expires = Until.Option("The time from which on it is refused");
        return new Command(
            "new", "Make a token and print the file of credentials that launchpadlib reads. Nobody can show the secret again.")
        {
            name, consumer, level, expires,
        }.WithSession(async (session, parsed, stop) =>
        {
            var made = await session.Records.Tokens.AddAsync(
                await session.ActorAsync(stop),
                parsed.GetValue(name)!,
                parsed.GetValue(consumer)!,
                AccessLevelNames.Parse(parsed.GetValue(level)!)!.Value,
                Until.Read(parsed, expires),
                stop);
            await session.Output.WriteAsync(CredentialsFile.Write(made));
            await session.Error.WriteLineAsync(
                $"This was token {made.Token.Id}; 'buildd-farm token revoke {made.Token.Id}' ends it. Keep its file from others "
                    + "(chmod 600); LP_CREDENTIALS_FILE names it to launchpadlib.");
            return FarmExitCode.Done;
        }).WhoMay(PersonRights.EditPrivate.Who);
    }

    private static Command List(StoredNames stored)
    {
        var name = stored.Argument("NAME", "The name of the person whose they are; everybody's by default.", isTeam: false);
        name.Arity = ArgumentArity.ZeroOrOne;
        var json = Listing.JsonOption();
        return new Command("list", "List tokens, those that are over included. Their secrets are known to nobody.") { name, json }
            .WithSession(async (session, parsed, stop) =>
        {
            var tokens = await session.Records.Tokens.ListAsync(await session.ActorAsync(stop), parsed.GetValue(name), stop);
            if (parsed.GetValue(json))
            {
                Listing.WriteJson(session.Output, tokens, (writer, one) =>
                {
                    writer.WriteStartObject();
                    RecordJson.WriteMembers(writer, TokenColumns.All, one.Token);
                    writer.WriteString("person_name", one.Person.Name);
                    writer.WriteEndObject();
                });
                return FarmExitCode.Done;
            }

            var now = session.Time.GetUtcNow();
            Listing.WriteTable(
                session.Output, ["NUMBER", "PERSON", "LEVEL", "MADE", "LAST USED", "END", "STATE", "CONSUMER"], tokens.Select(
                    one => (IReadOnlyList<string>)
                    [
                        Listing.Text(one.Token.Id), one.Person.Name, one.Token.Level.ToName(), Listing.Text(one.Token.Created),
                        Listing.Text(one.Token.LastUsed), Listing.Text(one.Token.Expires),
                        one.Token.Revoked is not null ? "revoked" : one.Token.Expires <= now ? "over" : "good",
                        one.Token.Consumer,
                    ]));
            return FarmExitCode.Done;
        }).WhoMay(TokenRights.View.Who);
    }

    private static Command Revoke()
    {
        var number = new Argument<long>("NUMBER") { Description = "The token's number, which 'token list' shows." };
        var json = Listing.JsonOption();
        return new Command("revoke", "Have a token refused from now on.") { number, json }.WithSession(async (session, parsed, stop) =>
        {
            var revoked = await session.Records.Tokens.RevokeAsync(await session.ActorAsync(stop), parsed.GetValue(number), stop);
            if (parsed.GetValue(json))
            {
                Listing.WriteJson(session.Output, writer =>
                {
                    writer.WriteStartObject();
                    RecordJson.WriteMembers(writer, TokenColumns.All, revoked);
                    writer.WriteEndObject();
                });
            }

            return FarmExitCode.Done;
        }).WhoMay(TokenRights.Revoke.Who);
    }
}
