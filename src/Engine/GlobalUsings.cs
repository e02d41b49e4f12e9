global using Skep.Model;
global using Skep.Model.Net;
