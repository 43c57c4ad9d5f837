using System.CommandLine;
using System.Text.Json;
using Buildd.Farm.People;

namespace Buildd.Cli.Commands.People;

/// <summary><c>buildd-farm teams join</c> and <c>leave</c>: who is in a team.</summary>
internal static class MembershipCommands
{
    internal static Command CreateJoin(StoredNames stored)
    {
        var (team, member) = Arguments(stored);
        var administrates = new Option<bool>("--administrator") { Description = "Have them change the team and say who is in it." };
        var json = Listing.JsonOption();
        var expires = Until.Option("The time from which on they are in it no more");
        return new Command(
            "join", "Have a person or a team be in a team. Who is in it already becomes what is given: a plain member, or with no end.")
        {
            team, member, administrates, expires, json,
        }.WithSession(async (session, parsed, stop) =>
        {
            var membership = await session.Records.Teams.SetAsync(
                await session.ActorAsync(stop),
                parsed.GetValue(team)!,
                parsed.GetValue(member)!,
                parsed.GetValue(administrates) ? MembershipState.Administrator : MembershipState.Approved,
                Until.Read(parsed, expires),
                stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, writer => Write(writer, membership));
            return FarmExitCode.Done;
        }).WhoMay(PersonRights.Edit.Who);
    }

    internal static Command CreateLeave(StoredNames stored)
    {
        var (team, member) = Arguments(stored);
        var json = Listing.JsonOption();
        return new Command("leave", "Have a person or a team be in a team no more.") { team, member, json }
            .WithSession(async (session, parsed, stop) =>
        {
            var membership = await session.Records.Teams.SetAsync(
                await session.ActorAsync(stop),
                parsed.GetValue(team)!,
                parsed.GetValue(member)!,
                MembershipState.Deactivated,
                expires: null,
                stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, writer => Write(writer, membership));
            return FarmExitCode.Done;
        }).WhoMay($"the member, {PersonRights.Edit.Who}");
    }

    private static void Write(Utf8JsonWriter json, Membership membership)
    {
        json.WriteStartObject();
        RecordJson.WriteMembers(json, MembershipColumns.All, membership);
        json.WriteEndObject();
    }

    private static (Argument<string> Team, Argument<string> Member) Arguments(StoredNames stored) => (
        stored.Argument("TEAM", "The team's name.", isTeam: true),
        stored.Argument("MEMBER", "The name of the person or the team.", isTeam: null));
}
