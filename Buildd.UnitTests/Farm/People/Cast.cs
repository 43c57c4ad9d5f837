using Buildd.Farm;
using Buildd.Farm.People;
using Buildd.UnitTests.Farm.Store;

namespace Buildd.UnitTests.Farm.People;

/// <summary>People for tests, made by the machine's administrator.</summary>
internal static class Cast
{
    internal static Task<Person> AddPersonAsync(this FarmRecords records, string name, string? address = null) =>
        records.People.AddAsync(
            EngineBench.Local,
            new Person { Name = name, DisplayName = name, Created = DateTimeOffset.UnixEpoch },
            address ?? $"{name}@example.org",
            default);

    internal static Task<Person> AddTeamAsync(this FarmRecords records, string name, Person owner, bool isPrivate = false) =>
        records.People.AddTeamAsync(
            EngineBench.Local,
            new Person
            {
                Name = name,
                DisplayName = name,
                IsTeam = true,
                Owner = owner.Id,
                IsPrivate = isPrivate,
                Created = DateTimeOffset.UnixEpoch,
            },
            default);

    internal static Task JoinAsync(
        this FarmRecords records, string team, string member, MembershipState state = MembershipState.Approved) =>
        records.Teams.SetAsync(EngineBench.Local, team, member, state, expires: null, default);
}
